"""What is laid beside every export, so that it can be checked when we and our software are gone.

Owns where the verifier is, its digest, and the text that tells how to use it. Knows nothing of what is
exported, and never imports the verifier: nothing of ours may depend on it, nor it on us.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from repository import durable
from repository.digest import digest_bytes

VERIFIER: Final = "kho_verify.py"
INSTRUCTIONS: Final = "VERIFY.txt"
PROOF_SUFFIX: Final = ".proof.json"


def verifier() -> bytes:
    """The verifier as it is shipped: one Python file that needs nothing but Python."""
    return Path(__file__).with_name(VERIFIER).read_bytes()


def verifier_sha256() -> str:
    """The digest to compare with, printed where a copy of the verifier does not lie."""
    return digest_bytes(verifier(), ["sha256"])["sha256"]


def lay_beside(folder: Path) -> None:
    """Put the verifier and its instructions into `folder`, in place of older ones.

    After return both are on the medium. OSError as the folder gives it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    durable.write_durably(folder / VERIFIER, verifier())
    durable.write_durably(folder / INSTRUCTIONS, instructions().encode("utf-8"))


def lay_proof(folder: Path, name: str, proof: Mapping[str, Any]) -> Path:
    """Put the ledger's proof of what was exported as `name` beside it. OSError."""
    path = folder / f"{name}{PROOF_SUFFIX}"
    text = json.dumps(proof, ensure_ascii=False, indent=1, sort_keys=True) + "\n"
    durable.write_durably(path, text.encode("utf-8"))
    return path


def instructions() -> str:
    """`VERIFY.txt`: Vietnamese first, then English."""
    return _TEXT.format(sha256=verifier_sha256())


_TEXT: Final = """\
CÁCH KIỂM TRA MÀ KHÔNG CẦN CHÚNG TÔI
====================================

Thư mục này chứa hồ sơ xuất từ kho lưu trữ số. Ai cũng tự kiểm tra được rằng không tệp nào
bị mất hay bị sửa, không cần phần mềm của kho, không cần mạng. Chỉ cần Python 3.9 trở lên.

1. Kiểm tra chính chương trình kiểm tra. Mã SHA-256 của kho_verify.py phải là

       {sha256}

   Hãy so với mã do kho lưu trữ công bố ở nơi khác (`kho export --verifier`, văn bản, trang web),
   đừng chỉ tin tờ giấy này: ai sửa được tệp kia cũng sửa được tờ này.
       Linux:    sha256sum kho_verify.py
       Windows:  certutil -hashfile kho_verify.py SHA256

2. Chạy, ngay trong thư mục này:

       python kho_verify.py . --lang vi

   Các tệp *.proof.json (bằng chứng từ sổ cái) nằm ở đây được kiểm tra cùng.
   Có bản sao sổ cái thì thêm: --ledger THƯ_MỤC
   Có điểm kiểm (checkpoint) giữ riêng thì thêm: --checkpoint TỆP

3. Đọc kết quả: 0 không thấy gì sai · 3 có hư hỏng · 4 có thứ chưa kiểm tra được.
   "Không đọc được" không bao giờ được tính là "nguyên vẹn".

Không có Python? Một gói BagIt kiểm tra được bằng một lệnh, trong thư mục của gói:
       sha512sum -c tagmanifest-sha512.txt manifest-sha512.txt


HOW TO CHECK THIS WITHOUT US
============================

This folder holds records exported from a digital archive. Anybody can check that no file was
lost or changed, without the archive's software and without a network. Python 3.9 or later will do.

1. Check the checker. The SHA-256 of kho_verify.py must be

       {sha256}

   Compare it with what the archive publishes elsewhere (`kho export --verifier`, a letter, its web
   pages), not only with this sheet: who can change that file can change this one.
       Linux:    sha256sum kho_verify.py
       Windows:  certutil -hashfile kho_verify.py SHA256

2. Run it, here:

       python kho_verify.py . --lang en

   Proofs from the archive's ledger that lie here (*.proof.json) are taken along.
   With a copy of the ledger, add: --ledger FOLDER
   With a checkpoint that you kept yourself, add: --checkpoint FILE

3. Exit status: 0 nothing found · 3 damage found · 4 something could not be checked.
   "Could not be read" never counts as "intact".

No Python? A BagIt bag is checked by one command, in the folder of the bag:
       sha512sum -c tagmanifest-sha512.txt manifest-sha512.txt
"""
