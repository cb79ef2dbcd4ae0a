"""PDFs made by hand for tests: pages of lines in given sizes, encrypted or broken in a known way."""

import io
import zlib

from pypdf import PdfReader, PdfWriter


def pdf(*pages: list[tuple[float, str]], title: str = "") -> bytes:
    """A PDF whose pages hold (size, text) lines, from the top."""
    return assembled([_stream(page) for page in pages], title)


def assembled(streams: list[bytes], title: str = "") -> bytes:
    """A PDF with these content streams, each a whole stream object's dictionary and data."""
    count = len(streams)
    kids = " ".join(f"{4 + 2 * at} 0 R" for at in range(count))
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {count} >>".encode(),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
    ]
    for at, stream in enumerate(streams):
        objects += [
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents {5 + 2 * at} 0 R"
            f" /Resources << /Font << /F1 3 0 R >> >> >>".encode(),
            stream,
        ]
    objects.append(f"<< /Title ({title}) >>".encode())
    out, places = io.BytesIO(), []
    out.write(b"%PDF-1.5\n")
    for number, body in enumerate(objects, 1):
        places.append(out.tell())
        out.write(f"{number} 0 obj\n".encode() + body + b"\nendobj\n")
    table = out.tell()
    out.write(f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n".encode())
    out.writelines(f"{place:010d} 00000 n \n".encode() for place in places)
    out.write(f"trailer << /Size {len(objects) + 1} /Root 1 0 R /Info {len(objects)} 0 R >>\n".encode())
    out.write(f"startxref\n{table}\n%%EOF\n".encode())
    return out.getvalue()


def encrypted(content: bytes, password: str) -> bytes:
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(content)))
    writer.encrypt(user_password=password, owner_password="the owner's", algorithm="AES-256")
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def bomb(megabytes: int) -> bytes:
    """A small file that says it is very long."""
    packed = zlib.compress(b" " * (megabytes * 1024 * 1024), 9)
    return assembled([f"<< /Length {len(packed)} /Filter /FlateDecode >>\nstream\n".encode() + packed + b"\nendstream"])


def _stream(page: list[tuple[float, str]]) -> bytes:
    words, height = [b"BT"], 800.0
    for size, text in page:
        height -= size * 1.4
        plain = text.replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)").encode("cp1252")
        words.append(b"/F1 %g Tf 1 0 0 1 50 %g Tm (%b) Tj" % (size, height, plain))
    data = b"\n".join([*words, b"ET"])
    return b"<< /Length %d >>\nstream\n%b\nendstream" % (len(data), data)
