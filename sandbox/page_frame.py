"""Frame the sandbox's pages: escaped, plain, without script, under a strict Content-Security-Policy."""

from html import escape

from sandbox.http_server import Request, Response

STYLE = """
:root{color-scheme:light;--ink:#1f2328;--soft:#5b6470;--line:#d9dee4;--accent:#0b57d0}
*{box-sizing:border-box}body{margin:0;font:16px/1.5 system-ui,sans-serif;color:var(--ink);background:#f5f7f9}
header{background:#fff;border-bottom:1px solid var(--line);padding:.8rem 1.2rem}
header a{color:inherit;text-decoration:none;font-weight:600}header span{color:var(--soft);margin-left:.6rem}
main{max-width:52rem;margin:1.2rem auto;padding:0 1rem}h1{font-size:1.3rem}
h1,pre,.rows{overflow-wrap:anywhere}
.card{background:#fff;border:1px solid var(--line);border-radius:.6rem;padding:1rem 1.2rem;margin:0 0 1rem}
.rows{list-style:none;padding:0;margin:0}.rows li{border-bottom:1px solid var(--line)}.rows li:last-child{border:0}
.rows a{display:block;padding:.55rem .2rem;color:inherit;text-decoration:none;overflow-wrap:anywhere}
.rows a:hover,.rows a:focus{background:#eef3fd}.new{font-weight:650}.soft{color:var(--soft);font-size:.9rem}
pre{white-space:pre-wrap;overflow-wrap:anywhere;font:inherit;margin:.8rem 0 0}
label{display:block;margin:.7rem 0}input[type=text],input[type=email],textarea{width:100%;font:inherit;padding:.45rem;
border:1px solid #aab2bd;border-radius:.4rem}textarea{min-height:11rem}fieldset{border:0;padding:0;margin:0 0 1rem}
legend{font-weight:600}
button,.button{font:inherit;padding:.5rem 1.1rem;border-radius:1.2rem;border:1px solid var(--accent);
background:var(--accent);color:#fff;cursor:pointer;text-decoration:none;display:inline-block}
button.quiet{background:#fff;color:var(--accent)}nav a{margin-right:1rem;color:var(--accent)}.warn{color:#8a1f11}
"""
STYLE_PATH = "/mail/style.css"


def page(
    title: str, body: str, *, status: int = 200, refresh_s: int = 0, form_targets: str = "", note: str = ""
) -> Response:
    """A whole page around `body`, which must be escaped already; `form_targets` are origins a form may lead to."""
    again = f'<meta http-equiv="refresh" content="{refresh_s}">' if refresh_s else ""
    text = (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>{again}'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<link rel="stylesheet" href="{STYLE_PATH}"></head><body>'
        f'<header><a href="/mail/">Sandbox mail</a><span>{escape(note)}</span></header>'
        f"<main><h1>{escape(title)}</h1>{body}</main></body></html>"
    )
    policy = (
        f"default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'; "
        f"form-action 'self' {form_targets}"
    )
    headers = (
        ("Content-Security-Policy", policy.strip()),
        ("X-Content-Type-Options", "nosniff"),
        # Not no-referrer: a form would then be posted with "Origin: null", which `from_elsewhere` refuses.
        ("Referrer-Policy", "same-origin"),
        ("Cache-Control", "no-store"),
    )
    return Response(status, text.encode("utf-8", "replace"), "text/html; charset=utf-8", headers)


def style() -> Response:
    return Response(200, STYLE.encode(), "text/css; charset=utf-8")


def redirect(location: str) -> Response:
    return Response(302, b"", "text/plain", (("Location", location), ("Cache-Control", "no-store")))


def from_elsewhere(request: Request) -> bool:
    """Whether another site's page has sent this form."""
    origin = request.headers.get("origin")
    return origin is not None and origin != f"http://{request.headers.get('host', '')}"
