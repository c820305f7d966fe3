"""What of JavaScript's own things, and of Node's modules, is known to do no more than it says."""

from __future__ import annotations

from companion.policy.shell.tools import names

MODULES = {
    **{
        name: name
        for name in names(
            "fs path os util url querystring crypto assert zlib child_process perf_hooks buffer process string_decoder"
        )
    },
    "fs/promises": "fs.promises",
    "path/posix": "path",
    "assert/strict": "assert",
}
"""Modules by the names under which they are asked for, without `node:`. No file can stand in for one of these."""

PLAIN = names(
    "undefined NaN Infinity String Number Boolean BigInt parseInt parseFloat isNaN isFinite encodeURIComponent "
    "decodeURIComponent encodeURI decodeURI escape unescape structuredClone atob btoa __dirname __filename "
    "clearTimeout clearInterval clearImmediate"
)
"""Globals from which nothing leads on."""

MADE = names(
    "Date Map Set WeakMap WeakSet Error TypeError RangeError SyntaxError ReferenceError URIError EvalError RegExp "
    "Array Object Promise URL URLSearchParams TextEncoder TextDecoder Int8Array Uint8Array Uint8ClampedArray "
    "Int16Array "
    "Uint16Array Int32Array Uint32Array Float32Array Float64Array BigInt64Array BigUint64Array ArrayBuffer DataView "
    "Intl.NumberFormat Intl.DateTimeFormat Intl.Collator Intl.PluralRules Intl.RelativeTimeFormat Intl.ListFormat "
    "Intl.Segmenter url.URL url.URLSearchParams util.TextEncoder util.TextDecoder string_decoder.StringDecoder"
)
"""What stands behind `new`, `instanceof` and `extends`."""

CALLED = names(
    "Date Error TypeError RangeError SyntaxError Array Object RegExp assert util.inspect process.stdout.write "
    "process.stderr.write process.hrtime process.exit process.uptime process.cwd process.memoryUsage"
)
"""What may be called, and is nothing that may be handed on."""

_MEMBERS = {
    "console": "log error warn info debug table dir group groupCollapsed groupEnd time timeEnd timeLog count "
    "countReset assert trace",
    "JSON": "parse stringify",
    "Object": "keys values entries fromEntries assign freeze isFrozen seal is hasOwn groupBy",
    "Array": "isArray from of",
    "Date": "now parse UTC",
    "Promise": "all allSettled race any resolve reject",
    "URL": "canParse",
    "Buffer": "from alloc concat byteLength isBuffer compare isEncoding",
    "buffer.Buffer": "from alloc concat byteLength isBuffer compare isEncoding",
    "Math": "abs acos acosh asin asinh atan atan2 atanh cbrt ceil clz32 cos cosh exp expm1 floor fround hypot imul log "
    "log10 log1p log2 max min pow random round sign sin sinh sqrt tan tanh trunc E LN10 LN2 LOG10E LOG2E PI "
    "SQRT1_2 SQRT2",
    "process": "version versions platform arch argv execPath pid ppid release title",
    "process.stdout": "columns rows isTTY",
    "process.stderr": "isTTY",
    "process.stdin": "isTTY",
    "process.hrtime": "bigint",
    "process.memoryUsage": "rss",
    "path": "join resolve basename dirname extname relative normalize isAbsolute parse format sep delimiter",
    "path.posix": "join resolve basename dirname extname relative normalize isAbsolute parse format sep delimiter",
    "os": "platform type release arch cpus totalmem freemem homedir tmpdir hostname EOL uptime loadavg endianness "
    "version machine availableParallelism",
    "util": "format isDeepStrictEqual stripVTControlCharacters parseArgs styleText",
    "url": "fileURLToPath pathToFileURL parse format",
    "querystring": "parse stringify escape unescape",
    "crypto": "createHash createHmac randomBytes randomUUID randomInt getHashes timingSafeEqual",
    "assert": "ok equal notEqual strictEqual notStrictEqual deepEqual deepStrictEqual notDeepEqual notDeepStrictEqual "
    "throws doesNotThrow rejects match doesNotMatch fail",
    "zlib": "gzipSync gunzipSync deflateSync inflateSync deflateRawSync inflateRawSync brotliCompressSync "
    "brotliDecompressSync unzipSync crc32",
    "performance": "now",
    "perf_hooks.performance": "now",
}
VALUES = frozenset(f"{owner}.{member}" for owner, members in _MEMBERS.items() for member in members.split())
"""Members that may be used like any value: data, and functions that do nothing but compute and print."""

ROOTS = names("console JSON Object Array Date Promise URL Buffer Math process performance Intl require module exports")
"""Globals of which only members that are known may be named."""

TIMERS = names("setTimeout setInterval setImmediate queueMicrotask process.nextTick")
"""What calls its first argument: where that is a text, some run it as code."""

TAKEN = names(
    "Array.isArray Object.keys Object.values Object.entries process.stdout.write process.stderr.write "
    "util.inspect util.format"
)
"""What makes text or a list of what it is given, and calls and keeps nothing of it; so do `console`, `Math`, `path`.

JSON.stringify does where no function is given to it."""
TAKEN_PLAIN = names(
    "String Number Boolean parseInt parseFloat isNaN isFinite encodeURIComponent decodeURIComponent encodeURI BigInt"
)

NEVER_OWN = PLAIN | MADE | ROOTS | TIMERS | names("globalThis global self eval Function Reflect Proxy Symbol console")
"""Names of which a program that gives them a meaning of its own is not followed."""

NUMBERS = names("parseInt parseFloat Number")
"""Whose answer is a number."""

LEADS_ON = names(
    "constructor prototype caller callee arguments prepareStackTrace captureStackTrace getOwnPropertyDescriptor "
    "getOwnPropertyDescriptors getOwnPropertyNames getOwnPropertySymbols getPrototypeOf setPrototypeOf defineProperty "
    "defineProperties getThis getFunction getEvalOrigin mainModule binding dlopen species hasInstance asyncIterator "
    "toPrimitive iterator toStringTag spawn pipe"
)
"""Members by which a harmless value leads to everything else, or is made to call what it should not."""

METHODS = names(
    "toString toFixed toPrecision toLocaleString trim trimStart trimEnd split slice substring substr padEnd padStart "
    "toUpperCase toLowerCase replace replaceAll includes startsWith endsWith indexOf lastIndexOf charAt charCodeAt "
    "codePointAt at match matchAll search repeat concat join map filter forEach reduce reduceRight some every find "
    "findIndex findLast flat flatMap keys values entries has get test exec localeCompare normalize getTime toISOString "
    "toJSON toSorted toReversed"
)
"""Methods of texts, lists and numbers that are called on what a computed key finds."""
CHANGING = names("push pop shift unshift splice sort reverse fill add set delete clear")

COMPARING = names("includes indexOf lastIndexOf has startsWith endsWith localeCompare padEnd padStart repeat")
"""Methods that only look at what they are given."""
ASKING = names("filter some every find findIndex findLast findLastIndex forEach sort")
"""Methods that do not hand on what the function that they are given answers."""

READ_FILES = names("readFileSync readFile promises.readFile")
READ_NAMES = names(
    "existsSync statSync lstatSync accessSync readdirSync stat lstat access readdir promises.stat promises.lstat "
    "promises.access promises.readdir"
)
WRITTEN = names(
    "writeFileSync appendFileSync mkdirSync writeFile appendFile mkdir promises.writeFile promises.appendFile "
    "promises.mkdir"
)
COPIED = names("copyFileSync copyFile promises.copyFile")
DELETED = names("unlinkSync unlink rmdirSync rmdir promises.unlink promises.rmdir")
DELETED_DEEP = names("rmSync rm promises.rm")
OPTIONS = names("encoding withFileTypes recursive throwIfNoEntry bigint")
"""Keys of what stands behind a path, with which nothing else is done."""
RUN_TEXT = names("execSync exec")
RUN_WORDS = names("execFileSync spawnSync execFile spawn")
RUN_WAITING = names("execSync execFileSync spawnSync")
RUN_OPTIONS = names("encoding stdio maxBuffer timeout windowsHide")
STDIN_METHODS = frozenset(f"process.stdin.{name}" for name in ("on", "once", "setEncoding", "resume", "pause"))
"""Methods that answer with the input itself."""
STDIN_EVENTS = names("data end error close")
