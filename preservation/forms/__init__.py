"""The law's forms of keeping, printable in Vietnamese, filled from catalogue and ledger alone.

    bien-ban-kiem-tra    one audit run
    nhat-ky-sao-luu      every copy that was written in a period
    bien-ban-sao-luu     the same, by store, with the media
    bien-ban-su-co       one incident, with its repair and its end

Thông tư 05/2025/TT-BNV, annex VII, names these papers. Its own printed layout is not known to us, so
the layout is that of an administrative record. What is not known is a dotted line, never a guess.
"""
