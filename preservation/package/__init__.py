"""The package: how a `Dossier` becomes the files of one version of an object (design section 2).

Core: values in, values out; nothing here opens a file or asks the time.

    names.py        how a received name is stored
    layout.py       which file lies where
    record_json.py  dossier.json, the record itself
    ead.py  premis.py  mets.py    the projection of the record after Thông tư 05/2025/TT-BNV
    bag_files.py    the BagIt files around it
    plan.py         all of it together: `plan_new`, `plan_reprofile`
"""
