from __future__ import annotations

import pytest

from companion.policy.shell.invocation import UnreadableFile
from companion.policy.shell.javascript.code import examine
from companion.policy.shell.read import read_command
from tests.support.shell import codes

FILES = {"package.json": "{}", "lib/data.json": "[]", "a.js": "1"}

UNDERSTOOD = """
console.log(1 + 2)
require('./package.json').version
console.log(JSON.parse(require('fs').readFileSync('package.json', 'utf8')).name)
const fs = require('fs'); for (const name of fs.readdirSync('src')) console.log(name, fs.statSync('src/a').size)
const {readFileSync: r} = require('node:fs'); for (const line of r('x').toString().split('\\n')) console.log(line)
const d = require('./package.json').dependencies; for (const k of Object.keys(d)) console.log(k, d[k])
let s = ''; process.stdin.on('data', d => s += d).on('end', () => console.log(JSON.parse(s).items.map(x => x.name)))
for await (const chunk of process.stdin) console.log(chunk.length)
const a = [3, 1]; for (let i = 0; i < a.length; i++) { const x = a[i]; console.log(x) }
const a = [3, 1]; const last = a[a.length - 1]; [last].map(x => x + 1)
class A extends Error { #x = 1; constructor(m) { super(m); this._m = m } get m() { return this._m } }; new A('x').m
import fs from 'fs'; import {join as j} from 'node:path'; console.log(fs.existsSync(j('a', 'b')))
import data from './package.json' with {type: 'json'}; console.log(data.name)
console.log(process.argv.slice(2), process.versions.node, process.platform, process.cwd()); process.exit(0)
const counts = {}; for (const w of 'a b'.split(' ')) counts[w] = (counts[w] || 0) + 1; console.log(counts)
const groups = {}; for (const w of ['a']) (groups[w[0]] ||= []).push(w); console.log(JSON.stringify(groups))
function main() { return 1 } if (require.main === module) main(); module.exports = { main }
console.log(require('crypto').createHash('sha256').update('x').digest('hex'))
(async () => { await new Promise(r => setTimeout(r, 10)); console.log('x'.match(/a\\/b/g)) })()
console.log(os.platform(), path.basename('a/b'), new Date().toISOString(), `a${1 + 1}b`)
const total = [1, 2].reduce((a, b) => a + b, 0); console.log(total / 2, 4 / 2 / 1)
const {version} = require('./package.json'); console.log(`v${version}`)
label: for (const x of [1]) { if (x) continue label; else break label }
const o = {a: 1, get b() { return 2 }, ['c' + 1]: 3, ...{d: 4}}; console.log(Object.entries(o))
try { null.x } catch (e) { console.error(e.message); process.exitCode = 1 }
function* g() { yield 1 } console.log([...g()])
console.log(process.env.HOME)
""".strip().splitlines()

ASKED = r"""
eval('x')
\u0065val('x')
const {execSync: a} = require('child_process'); a(x)
Function('return process')()
new Function('x')()
(()=>{}).constructor('return process')()
(()=>{})['constructor']('return process')()
(()=>{})['const'+'ructor']('return process')()
const k='const'+'ructor'; (()=>{})[k]('x')()
const f=(()=>{})[k]; f('x')
globalThis.process
process.binding('fs')
process.mainModule.require('fs')
module.require('fs')
module.constructor._load('fs')
require('fs')['rm'+'Sync']('x')
const r = require; r('fs').rmSync('x')
require.cache
require(x)
require('f'+'s').rmSync('x')
require(`fs`).rmSync('x')
import('fs')
import fs from 'fs'; fs.rmSync('x')
import {rmSync as z} from 'node:fs'; z('x')
import * as q from 'fs'; q.writeFileSync(x, 'y')
tag`x`
with (process) { exit() }
Reflect.get(process, 'binding')
({}).__proto__.x = 1
({})['__proto__'].x = 1
const o={}; o[k1][k2] = 1
Object.getPrototypeOf(async()=>{}).constructor('x')()
Object.prototype.x = 1
Array.prototype.map = 1
(function(){ return this })().process
this.process
const {constructor: c} = ()=>{}; c('x')()
const {['constructor']: c} = ()=>{}; c('x')()
const {[k]: c} = ()=>{}; c('x')()
let c; ({constructor: c} = ()=>{})
function f(){ return arguments.callee.caller }
f.caller
x = 1 <!-- y
process.env.SECRET_KEY = 'x'
process.env
const env = process.env; env.X = 1
console.constructor
console._stdout.constructor
process.stdout.constructor
const {log} = console; log.constructor
process.kill(1)
process.dlopen(x)
process.chdir('/')
require('vm').runInThisContext('x')
require('module')._load('fs')
require('./x.js')
require('/etc/passwd.json')
require('../x.json')
typeof await /eval('1')/g
typeof yield /eval('1')/g
var await=1; await /eval('1')/g
x++ /eval('1')/ 2
}/eval(1)/{
if (a) /x/.test(b)
new Proxy({}, {})
Symbol.iterator
const fs = 1; { const fs = require('fs'); fs.rmSync('x') }
function f(fs){} fs.rmSync('x')
var fs = require('fs'); var fs = 1; fs.rmSync('x')
let fs = 1; fs = require('fs'); fs.rmSync('x')
let fs; ({fs} = {fs: require('fs')})
const a=[require('fs')]; a[0].rmSync('x')
const a={fs}; a.fs.rmSync('x')
const a={...fs}; a.rmSync('x')
const {...a} = fs; a.rmSync('x')
const {rmSync} = fs; [1].map(rmSync)
[require].map(r => r('fs'))
(0, require)('fs')
(require)('fs').rmSync('x')
require?.('fs').rmSync('x')
require.call(null, 'fs').rmSync('x')
fs?.rmSync('x')
fs.promises.rm('x')
const {promises: p} = require('fs'); p.rm('x')
const p = require('fs').promises; p.rm('x')
const p = require('fs/promises'); p.rm('x')
(await import('fs')).rmSync('x')
export * from './x.js'
import './x.js'
import x from './x.js'
import x from 'data:text/javascript,1'
{ function parseInt(){ return 'constructor' } } (()=>{})[parseInt()]('x')()
function parseInt(){ return 'constructor' } (()=>{})[parseInt()]('x')()
const Math={max:()=>'constructor'}; (()=>{})[Math.max()]('x')()
let i=0; i='constructor'; (()=>{})[i]('x')()
let i=0; [i]=['constructor']; (()=>{})[i]('x')()
let i=0; for (i of ['constructor']) (()=>{})[i]('x')()
let i=0; ({i} = {i:'constructor'}); (()=>{})[i]('x')()
let i=0; ({a:i} = {a:'constructor'}); (()=>{})[i]('x')()
let i=0; i+='constructor'; (()=>{})[i]('x')()
let [i] = ['constructor']; (()=>{})[i]('x')(); i = 0
let {i} = {i: 'constructor'}; (()=>{})[i]('x')(); i = 0
let {a: {i}} = {a: {i: 'constructor'}}; (()=>{})[i]('x')(); i = 0
fs.readFileSync('~/x')
fs.copyFileSync('a', '~/x')
let i=0; i||='constructor'; (()=>{})[i]('x')()
function f(i){ g[i]('x')(); var i = 0 } f('constructor')
function f(i=0){ return (()=>{})[i] } f('constructor')('x')()
const o = {}; o['inclu'+'des'] = f => f('x')(); o.includes((()=>{})['c'+k])
const o = {includes(f){ f('x')() }}; o.includes((()=>{})['c'+k])
class O { includes(f){ f('x')() } }; new O().includes((()=>{})['c'+k])
const o = {['includes']: f=>f('x')()}; o.includes((()=>{})['c'+k])
const o = Object.fromEntries([['includes', f=>f('x')()]]); o.includes((()=>{})['c'+k])
[1].filter(x => (()=>{})[k])[0]; [1].map(x => (()=>{})[k])[0]('x')()
const w = (()=>{})[k]; const z = w; z('x')()
const w = (()=>{})[k]; [1].map(w)
const w = (()=>{})[k]; (() => w)()('x')()
const w = (()=>{})[k]; w.call(null,'x')()
const w = (()=>{})[k]; w.bind(null,'x')()()
const w = (()=>{})[k]; new w('x')()
let y; console.log(y = (()=>{})[k]); y('x')()
console.log(((()=>{})[k])('x')())
`${(()=>{})[k]('x')()}`
const o = {toString: (()=>{})[k]}; o + ''
const o = {}; o.toString = (()=>{})[k]
for (const f of [(()=>{})[k]]) f('x')()
const [f] = [(()=>{})[k]]; f('x')()
Promise.resolve((()=>{})[k]).then(f => f('x')())
(async()=>{ const f = await (()=>{})[k]; f('x')() })()
function* g(){ const f = yield (()=>{})[k] }
throw (()=>{})[k]
class A { [k]() {} }
class A extends (()=>{})[k] {}
class A { constructor() { this['x'+1]('x') } }
class A { m() { return this.constructor.constructor('x')() } }
const o = { m() { return this } }; const f = o.m; f().process.exit()
fs.readFileSync('x', {flag: 'w+'})
fs.readFileSync('x', {['flag']: 'w+'})
fs.readFileSync('x', {...{flag: 'w+'}})
fs.readFileSync('x', o)
fs.readFileSync(...['x', {flag:'w'}])
fs.existsSync.call(null, 'x')
fs.createWriteStream('x')
fs.openSync('x', 'w')
fs.symlinkSync('a', 'b')
fs.writeFileSync(x, 'y')
child_process.spawn('rm', ['-rf', 'x'])
child_process.execSync('ls', {shell: '/bin/evil'})
child_process.execSync('ls', {env: {}})
child_process.execSync('ls', {cwd: '/'})
child_process.fork('x.js')
fs.writeFileSync('a.sh','x'); child_process.execSync('sh a.sh')
process.stdin.on('newListener', (a, b) => b())
process.stdin.on('data', f).constructor
const s = process.stdin.on('data', () => 1); s.x
const s = process.stdin; s._events
process.on('exit', () => 1)
process.emit('x')
Error.prepareStackTrace = (e, s) => s[0].getThis()
Error['prepare'+'StackTrace'] = 1
const E = Error; E['a'+b] = 1
fetch('https://x.com')
new WebSocket('x')
new Worker('x')
WebAssembly.compile(x)
Bun.write('x','y')
Deno.remove('x')
prompt('x')
JSON.parse = 1
path.join = () => '/etc/shadow'; fs.readFileSync(path.join('a'))
const {join} = path; function f(path) { path.join = 1 }; join = 1
function f(path){ fs.readFileSync(path.join('a','b')); var path = require('path') }
{ function path(){}; path.join = () => '/etc/x' } fs.readFileSync(path.join('a'))
const p = '/etc/x'; { const p = 'a'; } fs.writeFileSync(p2, 'x')
async function await_(){ } await
let async = 1
var let_; let
label: { eval('x') }
a?.b.constructor
a?.['constructor']
a["\x63onstructor"]('x')()
({"\x63onstructor": x})
const {"\x63onstructor": x} = ()=>{}; x('y')()
const {'constructor': x} = ()=>{}; x('y')()
a[`constructor`]('x')()
a[`constr${''}uctor`]('x')()
a[['constructor']]('x')()
a[{toString: () => 'constructor'}]('x')()
a[-1 || 'constructor']('x')()
a[(1, 'constructor')]('x')()
a[true ? 'constructor' : 1]('x')()
const f = () => 1; let i = 0; (i) = 'constructor'; f[i]('x')()
const f = () => 1; let i = 0; for ((i) of ['constructor']) f[i]('x')()
const f = () => 1, k = 'constructor'; JSON.stringify({a: f[k]}, (x, y) => y('x')())
let p = 'a'; (p) = 'b'; fs.readFileSync(p)
a[+x || 'constructor']('x')()
a[x = 'constructor']('x')()
a[i++ && 'constructor']('x')()
new.target
import.meta
debugger
<div/>
@dec class A {}
process['exit'](1)
const {exit} = process; process.binding
console['log']('x')
delete JSON.parse
delete process.env.X
process.env[k]
process.argv[2].constructor
({get constructor() { return 1 }})
Object.assign(Function, {})
Object.create(null)
Object.setPrototypeOf(x, y)
Object.defineProperty(x, 'y', {})
require('util').promisify(fs.rm)
require('events')
require('stream')
require('net')
require('http').get('http://x')
require('worker_threads')
require('inspector')
require('repl').start()
require('os').setPriority(1)
require('process').binding('x')
require('node:process').env
structuredClone(process)
escape(require)
console.log(process)
console.log(require)
console.log(module)
console.log(exports)
exports.x.y = 1
module.exports.constructor = 1
module.paths.push('x')
module.children
module = 1
exports = require
require = x => x
s = 1
var Function
class Function {}
function require(x) { return x }
import {require} from 'x'
""".strip().splitlines()


@pytest.mark.parametrize("code", UNDERSTOOD)
def test_what_only_computes_and_reads_is_understood(code: str):
    assert examine(code, FILES.get)[0]


@pytest.mark.parametrize("code", ASKED)
def test_what_may_do_more_is_not(code: str):
    assert not examine(code, FILES.get)[0]


@pytest.mark.parametrize(
    "code",
    [
        "a['constr\\\nuctor']('x')()",
        "x\n/PWN()/g",
        "a\u2028eval('x')",
        "//\u2028eval('x')",
        "//\reval('x')",
        "#!x\neval('x')",
        "f\n(g)",
        "a\n`x`",
        "1 +",
        "(" * 9000 + ")" * 9000,
        "x=>" * 6000 + "1",
        "'a'" + "+'a'" * 4000,
        "console.log(1);" * 1300,
        "console.log('" + "x" * 30_000 + "')",
        "console.log('\ud800')",
        "a\0b",
    ],
    ids=range(16),
)
def test_what_an_engine_may_read_otherwise_or_is_too_much_is_not_understood(code: str):
    assert not examine(code, FILES.get)[0]


@pytest.mark.parametrize(
    "code",
    [
        "const a0 = require('fs');" + "".join(f"const a{n + 1} = a{n};" for n in range(40)) + "a40.rmSync('x')",
        "const a0 = 'aaaaaaaaaaaaaaaa';"
        + "".join(f"const a{n + 1} = a{n} + a{n};" for n in range(22))
        + "fs.existsSync(a22)",
        "let k; const a0 = [][k];" + "".join(f"const a{n + 1} = a{n} || a{n};" for n in range(22)) + "console.log(a22)",
    ],
    ids=["names of a module", "texts", "names of what a key finds"],
)
def test_a_chain_that_is_too_long_is_not_followed(code: str):
    assert not examine(code, None)[0]


def told(code: str, folder: str = "") -> list[tuple[str, str | None]]:
    return [(one.what, one.target) for one in examine(code, FILES.get, folder)[1]]


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("fs.readFileSync('.e' + 'nv')", ("read", ".env")),
        ("const d = 'a'; fs.readFileSync(`x`, 'utf8'); fs.readFileSync(d)", ("read", "a")),
        ("require('fs').promises.readFile('x')", ("read", "x")),
        ("fs.readFileSync(0, 'utf8')", ("read", "/dev/stdin")),
        ("const {existsSync: e} = require('fs'); e('x')", ("names", "x")),
        ("import {writeFile as w} from 'fs/promises'; await w('x', 'y')", ("write", "x")),
        ("fs.copyFileSync('a', 'b')", ("write", "b")),
        ("fs.mkdirSync('a/b', {recursive: true})", ("write", "a/b")),
        ("fs.unlinkSync('a')", ("delete", "a")),
        ("fs.rmSync('a', {recursive: true, force: true})", ("delete-tree", "a")),
        ("require('child_process').execSync('git status')", ("text", "git status")),
        ("require('child_process').execFileSync('git', ['status'])", ("words", "git")),
        ("process.env.TOKEN", ("environment", "TOKEN")),
        ("fs.readFileSync(x)", ("read", None)),
        ("require('./lib/data.json')", ("read", "lib/data.json")),
    ],
)
def test_what_it_does_is_told(code: str, expected: tuple[str, str | None]):
    assert expected in told(code)


def test_paths_count_from_the_scripts_folder_where_they_say_so():
    assert told("require('../package.json')", "scripts") == [("read", "package.json")]
    assert told("fs.readFileSync(path.join(__dirname, '..', 'a.txt'))", "scripts") == [("read", "a.txt")]
    assert told("fs.readFileSync('a.txt')", "scripts") == [("read", "a.txt")]


def test_a_json_file_has_to_be_there():
    def unreadable(path: str) -> str:
        raise UnreadableFile(path)

    code = "require('./x.json')"
    assert examine(code, {"x.json": "1"}.get)[0]
    assert not examine(code, {}.get)[0]
    assert not examine(code, {"x.json": "console.log(1)"}.get)[0], "a link to code is run as code"
    assert not examine(code, {"x.json": "[" * 100_000}.get)[0]
    assert not examine(code, None)[0]
    assert not examine(code, unreadable)[0]


def test_what_is_run_is_judged_as_a_command():
    assert "rm-recursive" in codes("node -e \"require('child_process').execSync('rm -rf x')\"")
    assert codes("node -e \"require('child_process').execSync('git status')\"") == set()
    effects = read_command("node -e \"child_process.execFileSync('cat', ['a b'])\"")
    assert ("read", "a b") in {(effect.kind.value, effect.target) for effect in effects}


def test_what_is_written_before_something_is_run_is_asked_about():
    assert not examine("fs.writeFileSync('a', 'x'); child_process.execSync('ls')", None)[0]


def test_other_engines_have_no_modules_that_no_file_can_stand_in_for():
    for engine in ("bun", "deno"):
        assert examine("console.log([1].map(x => x * 2))", None, engine=engine)[0]
        for code in ("require('fs')", "import fs from 'fs'", "fs.existsSync('x')", "setTimeout(x => 1)(f<a>(b))"):
            assert not examine(code, FILES.get, engine=engine)[0]
    assert examine("setTimeout(x, 1); let x = 1", None)[0]
    assert not examine("setTimeout(x, 1); let x = 1", None, engine="deno")[0]


def test_one_command_may_not_have_more_read_than_one_large_program():
    program = "console.log(1);" * 300
    assert codes(f"node -e '{program}'") == set()
    assert "runs-code" in codes("; ".join([f"node -e '{program}'"] * 8))


def test_what_is_run_may_run_in_another_order_than_it_stands_there():
    runs = "function a() { e('node a.js') } e('cp b.js a.js'); a()"
    code = f"const {{execSync: e}} = require('child_process'); {runs}"
    effects = read_command(f'node -e "{code}"', "/w", look=FILES.get)
    assert {"runs-script", "not-understood"} & {effect.code for effect in effects}
