"""What is understood, run by a real node: nothing happens beside what was told, however the program goes about it.

Programs are made by chance, from ways to reach code that is put together when it runs. Each of those that count as
understood runs in a folder of its own. A rule that is left out lets some of them through, which shows that the hunt
finds what there is to find.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable, Iterable
from itertools import product
from pathlib import Path
from random import Random

import pytest

from companion.policy.shell.javascript import code, tree, values
from companion.policy.shell.javascript.code import examine
from companion.policy.shell.tools import names

NODE = shutil.which("node")
pytestmark = pytest.mark.skipif(NODE is None, reason="node is not installed")

PAYLOAD = "globalThis.PWN()"
RUNNER = """
const fs = require('fs'), vm = require('vm')
const programs = JSON.parse(fs.readFileSync('programs.json'))
console.log = console.error = () => {}
let hit = false
globalThis.PWN = () => { hit = true }
process.on('unhandledRejection', () => {})
process.on('uncaughtException', () => {})
const natives = () => [Object, Array, String, Function].map(x => Object.getOwnPropertyNames(x.prototype).length).join()
const before = natives()
const bad = []
let ran = 0
for (const code of programs) {
  hit = false
  try {
    const made = new vm.Script('(function (exports, require, module, __filename, __dirname) {' + code + '\\n})')
    ran++
    made.runInThisContext()({}, require, { exports: {} }, 'x', '.')
  } catch {}
  if (hit || natives() !== before) bad.push(code)
}
setTimeout(() => { fs.writeFileSync('said.json', JSON.stringify({ ran, bad })); process.exit(0) }, 50)
"""

BEFORE = (
    "const k = 'const' + 'ructor', n = 'y', f = () => {}, g = x => x, o = {}, c = {a: k}, l = [k], p = "
    + json.dumps(PAYLOAD)
    + ", own = {includes: x => x, filter: x => x()}\nclass C { includes(x) { return x } static t = k }\nlet i = 0, z;\n"
)
KEYS = ["k", "'constructor'", "c.a", "l[0]", "`${k}`", "i", "C.t"]
FUNCTIONS = ["f", "(()=>{})", "g", "(function(){})", "({a(){}}).a", "console.log", "[].map", "String", "C", "f.bind(1)"]
CARRIED = """
(x=>x)(E) | [E][0] | ({a:E}).a | (E||1) | [E].map(x=>x)[0] | [1].map(()=>E)[0] | (()=>{const v=E;return v})()
(()=>{let v;v=E;return v})() | (()=>{const v=E;const w=v;return w})() | own.includes(E) | new C().includes(E)
own.filter(x=>E) | [E].filter(x=>1)[0] | [E].pop() | [...[E]][0] | ({...{a:E}}).a | ((a=E)=>a)() | (([a])=>a)([E])
(o.z=E) | (o[n]=E) | (z=E,z) | (z||=E,z) | ([z]=[E],z) | (x=>{for(const q of [x])return q})(E) | Object.values({a:E})[0]
(()=>{try{throw E}catch(q){return q}})() | (function*(){yield E})().next().value | console.log(z=E)||z | (E).valueOf()
(String(z=E),z) | `${z=E}`&&z | new (class{constructor(){this.a=E}})().a | ({get a(){return E}}).a | [E].find(x=>1)
"""
CALLED = """
(E)(p)() | (E)?.(p)?.() | (E).call(null,p)() | [p].map(E).map(x=>x()) | new (E)(p)() | (E).bind(null,p)()()
Array.from([p],E).forEach(x=>x()) | ''+{toString:(E)(p)} | JSON.parse(JSON.stringify(p),E)() | (x=>x(p)())(E)
(()=>{const v=E;v(p)()})() | o.q=E;o.q(p)() | for(const x of [E])x(p)() | [E].forEach(x=>x(p)()) | (E).apply(null,[p])()
"""


def parts(text: str) -> list[str]:
    return [part.strip() for line in text.strip().splitlines() for part in line.split(" | ")]


def reaching(chance: Random) -> str:
    """A program that runs a text, if nothing keeps it from it."""
    key = chance.choice(KEYS)
    if chance.random() < 0.5:
        key = chance.choice(["({}||1)", "(1,{})", "[{}]", "(i={})", "(x=>x)({})", "[1].map(()=>{})[0]"]).format(key)
    found = f"({chance.choice(FUNCTIONS)})[{key}]"
    for _ in range(chance.randint(0, 2)):
        found = chance.choice(parts(CARRIED)).replace("E", found)
    return f"{BEFORE}try {{ {chance.choice(parts(CALLED)).replace('E', found)} }} catch {{}}"


AROUND = names(
    """
    / a yield await typeof async of let static get set ( ) { } [ ] ++ -- + - = => ; , : ? ! return if(a)
    while(0) 1 'x' `x` in instanceof new void delete do else this a. a?. && ?? ... var const throw x=> ({
    /*x*/ function*f(){ ()=>{ from
    """
)
HIDDEN = [
    *("/PWN()/g", "/PWN()/", "/*/PWN()/*/", "<!--\nPWN()", "\n-->/*\n*/PWN()", "/[/]/;PWN()//]/", "/a/*PWN()/*/"),
    *(
        "/[/*]/;PWN()//*/",
        "`\\`;PWN()//`",
        "/ '/;PWN()//'",
        "/`/;PWN()//`/g",
        "//\u2028PWN()",
        "//\rPWN()",
        "/=/;PWN()//",
    ),
]
BEHIND = ["", ";", "}", ")", "2", "\n2", ")}", "]", "/g", "}/g"]


def hiding(chance: Random, count: int) -> Iterable[str]:
    """Programs in which a call stands that only some readings of a slash, a quote or a line find."""
    everything = list(product(["", *sorted(AROUND)], ["", *sorted(AROUND)], HIDDEN, BEHIND))
    for before, between, hidden, behind in chance.sample(everything, count):
        around = chance.choice(["", "async function w(){", "function*w(){"])
        yield f"var a = 1, b = 2, g = 3;{around}{before} {between} {hidden}{behind}"


def run(programs: Iterable[str], folder: Path) -> tuple[int, list[str]]:
    """How many of those that are understood node can read, and which of them do what nobody was told of."""
    understood = [code for code in programs if examine(code, None)[0]]
    (folder / "programs.json").write_text(json.dumps(understood))
    (folder / "run.js").write_text(RUNNER)
    subprocess.run([NODE or "", "run.js"], cwd=folder, capture_output=True, timeout=120, check=True)
    said = json.loads((folder / "said.json").read_text())
    return said["ran"], said["bad"]


def reached(folder: Path, count: int = 3000) -> list[str]:
    chance = Random(7)
    return run((reaching(chance) for _ in range(count)), folder)[1]


def test_no_text_becomes_code(tmp_path: Path):
    assert reached(tmp_path) == []


def _always(*_: object, **__: object) -> bool:
    return True


@pytest.mark.parametrize(
    ("owner", "rule"),
    [
        (code._Program, "_is_subscript_fine"),
        (values.Values, "is_number"),
        (values.Values, "_is_argument_used_up"),
        (values.Values, "_is_native"),
        (values.Values, "_is_name_used_up"),
    ],
)
def test_without_a_rule_some_does(owner: object, rule: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    answer: Callable[..., bool] = _always
    monkeypatch.setattr(owner, rule, answer)
    assert reached(tmp_path, 1500)


def test_what_stands_in_a_text_or_an_expression_for_texts_is_not_run(tmp_path: Path):
    ran, bad = run(hiding(Random(7), 12_000), tmp_path)
    assert ran > 20
    assert bad == []


def test_without_a_look_at_the_tokens_some_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    answer: Callable[..., bool] = _always
    monkeypatch.setattr(tree, "_is_sure", answer)
    assert run([*hiding(Random(7), 100), "var g = 1; delete await /PWN()/g;"], tmp_path)[1]


STEPS = """
fs.writeFileSync('w1', 'x')
require('fs').appendFileSync(path.join('d', 'w2'), 'x')
fs.mkdirSync('m/n', {recursive: true})
fs.copyFileSync('r1', 'w3')
console.log(fs.readFileSync('r1', 'utf8').length, fs.existsSync('nope'))
for (const one of fs.readdirSync('.')) console.log(one, fs.statSync('r1').isFile())
const p = ['d', 'w4'].join('/'); console.log(p)
{ const {writeFileSync: w} = require('node:fs'); const name = 'w' + '5'; w(name, JSON.stringify({a: [1]})) }
{ const o = {}; for (const w of 'a b a'.split(' ')) o[w] = (o[w] || 0) + 1; console.log(o) }
{ class A { #x = 1; get x() { return this.#x } } console.log(new A().x, `${[1, 2].map(x => x * 2)}`) }
[3, 1, 2].sort((a, b) => a - b).forEach(x => console.log(x / 2))
console.log(/w[0-9]/.test('w1'), os.platform(), process.argv.length)
fs.rmSync('r1')
fs.writeFileSync(process.argv[1] + '.x', 'x')
fs.renameSync('r1', 'w9')
""".strip().splitlines()


def test_files_change_only_where_it_is_told(tmp_path: Path):
    chance = Random(7)
    seen = 0
    for number in range(40):
        folder = tmp_path / str(number)
        (folder / "d").mkdir(parents=True)
        (folder / "r1").write_text("r")
        code = ";\n".join(chance.sample(STEPS, chance.randint(1, 3)))
        clear, told = examine(code, None)
        if not clear:
            continue
        seen += 1
        before = {path.relative_to(folder).as_posix() for path in folder.rglob("*")}
        subprocess.run([NODE or "", "-e", code], cwd=folder, capture_output=True, timeout=30, check=True)
        after = {path.relative_to(folder).as_posix() for path in folder.rglob("*")}
        written = [one.target or "" for one in told if one.what == "write"]
        assert before <= after
        assert all(any(f"{goal}/".startswith(f"{new}/") for goal in written) for new in after - before)
    assert seen > 10
