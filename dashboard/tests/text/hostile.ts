/** What an attacker would write: into a text, a name, a title, a file. */

export const SCRIPTS = [
  "<script>alert(1)</script>",
  "<ScRiPt src=//e.org/x.js></sCrIpT>",
  "<script\n>alert(1)</script\t>",
  "<scr<script>ipt>alert(1)</scr</script>ipt>",
  "</title><script>alert(1)</script>",
  "</textarea></pre><script>alert(1)</script>",
  "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
  "<svg><script href=data:,alert(1) /></svg>",
  "<svg><script>alert&#40;1)</script></svg>",
  "<template><script>alert(1)</script></template>",
  "<xmp><script>alert(1)</script></xmp>",
  "<!--><script>alert(1)</script>-->",
  "<![CDATA[<script>alert(1)</script>]]>",
  "<?xml version='1.0'?><script>alert(1)</script>",
];

export const HANDLERS = [
  "<img src=x onerror=alert(1)>",
  "<img/src=`x`onerror=alert(1)>",
  "<IMG SRC=x\tONERROR\n=alert(1)>",
  "<svg/onload=alert(1)>",
  "<svg><animate onbegin=alert(1) attributeName=x dur=1s>",
  "<body onload=alert(1)>",
  "<details open ontoggle=alert(1)>x</details>",
  "<input autofocus onfocus=alert(1)>",
  "<video><source onerror=alert(1)></video>",
  "<audio src onerror=alert(1)>",
  "<marquee onstart=alert(1)>x</marquee>",
  "<p onpointerenter=alert(1) onclick=alert(1)>x</p>",
  "<button popovertarget=x>y</button><div popover id=x onbeforetoggle=alert(1)>z</div>",
  "<div contenteditable oninput=alert(1)>x</div>",
  "<a href=# onclick=alert(1)>x</a>",
  '" onmouseover="alert(1)" x="',
  "' autofocus onfocus='alert(1)",
];

export const EMBEDDED = [
  "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
  "<iframe src=javascript:alert(1)></iframe>",
  "<frameset><frame src=javascript:alert(1)></frameset>",
  "<object data=javascript:alert(1)></object>",
  "<embed src=data:text/html;base64,PHNjcmlwdD4=>",
  "<meta http-equiv=refresh content='0;url=javascript:alert(1)'>",
  "<base href=https://e.org/>",
  "<link rel=stylesheet href=https://e.org/x.css>",
  "<link rel=import href=data:text/html,x>",
  "<form action=/api><button name=x>Allow once</button></form>",
  "<form id=app><input name=attributes><input name=children></form>",
  "<img name=body><img name=cookie><a id=defaultView><a id=defaultView name=document>",
  "<img src=https://e.org/p.png srcset='https://e.org/2.png 2x'>",
  "<svg><use href='data:image/svg+xml;base64,PHN2Zz4=#x'></svg>",
  "<svg><image href=https://e.org/x.svg></svg>",
  "<svg><a xlink:href=javascript:alert(1)><text>x</text></a></svg>",
  "<svg><foreignObject><iframe onload=alert(1)></foreignObject></svg>",
  "<isindex action=javascript:alert(1) type=image>",
];

export const STYLES = [
  "<style>*{display:none}</style><p style='position:fixed;inset:0'>x</p>",
  "<style>@import 'https://e.org/x.css';</style>",
  "<div style=background-image:url(https://e.org/x)>x</div>",
  "<p class='primary' id='app' role='alert' aria-label='Allow once' tabindex=1>x</p>",
];

export const MUTATING = [
  "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>",
  "<math><mtext><table><mglyph><style><!--</style><img title='--&gt;&lt;img src=x onerror=alert(1)&gt;'>",
  "<svg></p><style><a id='</style><img src=x onerror=alert(1)>'>",
  "<form><math><mtext></form><form><mglyph><svg><mtext><style><path id='</style><img onerror=alert(1) src>'>",
  "<math><annotation-xml encoding=text/html><style><img title='</style><img src onerror=alert(1)>'>",
  "<svg><desc><noembed></desc><img src=x onerror=alert(1)></noembed></svg>",
  "<select><template><style><!--</style><a rel='--></style></template></select><img src=x onerror=alert(1)>'>",
  "<a href='&#1;javascript:alert(1)'>x</a>",
];

export const LINKS = [
  "[x](javascript:alert(1))",
  "[x](JaVaScRiPt:alert(1))",
  "[x](java\nscript:alert(1))",
  "[x](java&Tab;script:alert(1))",
  "[x](&#106;avascript:alert(1))",
  "[x](&#x6A&#x61&#x76&#x61&#x73&#x63&#x72&#x69&#x70&#x74&#x3A&#x61lert(1))",
  "[x](\u0001javascript:alert(1))",
  "[x](\u00a0javascript:alert(1))",
  "[x](<javascript:alert(1)>)",
  "[x](vbscript:msgbox(1))",
  "[x](data:text/html;base64,PHNjcmlwdD4=)",
  "[x](blob:https://e.org/1)",
  "[x](file:///etc/passwd)",
  "[x](/auth/google/login)",
  "[x](//e.org/x)",
  "[x](?next=/api)",
  "[x](#app)",
  "<javascript:alert(1)>",
  "[x]: javascript:alert(1)\n\n[x]",
  "![x](javascript:alert(1))",
  '![x](https://e.org/p.png" onerror="alert(1))',
  '![" onerror="alert(1)](https://e.org/p.png)',
  "![x](data:image/svg+xml,<svg onload=alert(1)>)",
  '[x](https://e.org "\' onmouseover=alert(1)")',
  '[x](https://e.org "</a><img src=x onerror=alert(1)>")',
  '[<img src=x onerror=alert(1)>](https://e.org)',
  "[x](https://e.org/\"onmouseover=\"alert(1))",
  "https://e.org/\"onmouseover=alert(1)",
];

export const FRAMED = [
  "```<script>\nalert(1)\n```",
  "```\n</code></pre><script>alert(1)</script>\n```",
  "``` js\" onmouseover=\"alert(1)\nx\n```",
  "`<img src=x onerror=alert(1)>`",
  "| <img src=x onerror=alert(1)> | x |\n|-|-|\n| <script>alert(1)</script> | \" onclick=alert(1) |",
  "- [x] <img src=x onerror=alert(1)>",
  "> <svg/onload=alert(1)>",
  "# <script>alert(1)</script>",
  "1. <iframe src=javascript:alert(1)>",
  "~~<img src=x onerror=alert(1)>~~",
  "<b>*<img src=x onerror=alert(1)>*</b>",
  "a\n<img src=x\nonerror=alert(1)>\nb",
];

export const ALL = [...SCRIPTS, ...HANDLERS, ...EMBEDDED, ...STYLES, ...MUTATING, ...LINKS, ...FRAMED];

const NEVER = "SCRIPT IMG SVG IFRAME FRAME OBJECT EMBED STYLE LINK META BASE FORM BUTTON INPUT SELECT TEXTAREA MATH VIDEO AUDIO TEMPLATE DETAILS";
const ATTRIBUTES = ["href", "title", "target", "rel", "start", "align"];

/** What among these nodes does something, or leads anywhere but to the web. */
export function alive(root: ParentNode, elements = NEVER.split(" "), attributes = ATTRIBUTES): string[] {
  return [...root.querySelectorAll("*")].flatMap((node) => {
    const signs = elements.includes(node.tagName.toUpperCase()) ? [node.tagName] : [];
    for (const { name, value } of node.attributes) {
      if (!attributes.includes(name)) signs.push(`${name}=${value}`);
      if (name === "href" && !/^(https?|mailto):/i.test(value)) signs.push(value);
    }
    return signs;
  });
}
