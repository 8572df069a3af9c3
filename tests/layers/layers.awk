# SPDX-License-Identifier: Apache-2.0
# File names on standard input, relative to the checkout; what breaks a rule goes to standard
# output, one "file:line: what" each. POSIX awk, as mawk is what Debian has.

BEGIN {
    # Who may look where, besides at include/headgate and at itself.
    looks["base"] = ""
    looks["config"] = "base"
    looks["import"] = "base config"
    looks["plan"] = "base config"
    looks["poll"] = "base plan"
    looks["values"] = "base poll"
    looks["watch"] = "base values"
    looks["publish"] = "base watch"
    looks["sim"] = "base config values"
    looks["app"] = "base config plan poll values watch publish sim cli"
    looks["cli"] = "base config import plan poll values watch publish sim app"

    # A word, where it may stand (a list of patterns on the path), and why.
    ruled = 0
    rule("<mosquitto\\.h>", "gateway/publish/mqtt\\.c", "only publish/mqtt.c knows libmosquitto")
    rule("<modbus(/modbus)?(-[a-z]+)?\\.h>", "gateway/(poll|sim)/.*\\.c",
         "only one file of poll and one of sim know libmodbus")
    rule("(^|[^A-Za-z0-9_.>])(clock_gettime|gettimeofday|timespec_get|time|ftime|clock)[ ]*\\(",
         "gateway/(base/clock\\.c|poll/.*|app/.*)",
         "only base/clock.c, poll and app read the machine's clocks; others are given now")
    rule("(^|[^A-Za-z0-9_])clock_(mono|wall)[ ]*\\(",
         "gateway/(base/clock\\.[ch]|poll/.*|app/.*|cli/.*|publish/broker[a-z_]*\\.c)",
         "nobody but poll, app, cli and the broker thread reads a clock; others are given now")
    rule("(^|[^A-Za-z0-9_])(pthread_create|thrd_create)[ ]*\\(",
         "gateway/(publish/broker|poll/resolve)\\.c",
         "threads begin only in publish/broker.c and poll/resolve.c")
    rule("(^|[^A-Za-z0-9_.>])(exit|_exit|quick_exit|abort)[ ]*\\(", "gateway/(app|cli)/.*",
         "below app and cli nobody ends the program")
    rule("(^|[^A-Za-z0-9_])(sleep|usleep|nanosleep|clock_nanosleep)[ ]*\\(", "nowhere",
         "nobody sleeps: wait in the loop")
    rule("(^|[^A-Za-z0-9_])(strcat|sprintf|vsprintf|gets|strtok|atoi|atof|atol)[ ]*\\(", "nowhere",
         "this function cannot be used safely")

    while ((getline path < "-") > 0)
        read_file(path)
    for (room in modbus) {
        if (modbus[room] > 1)
            printf "gateway/%s: <modbus.h> in %d files:%s; one is enough\n", room, modbus[room],
                   modbus_files[room]
    }
}

function rule(pattern, allowed, why)
{
    ruled++
    word[ruled] = pattern
    place[ruled] = "^(" allowed ")$"
    reason[ruled] = why
}

function complain(path, line, text)
{
    printf "%s:%d: %s\n", path, line, text
}

function may_look(room, other,    i, n, list)
{
    if (room == other)
        return 1
    n = split(looks[room], list, " ")
    for (i = 1; i <= n; i++) {
        if (list[i] == other)
            return 1
    }
    return 0
}

# The line without comments and without what strings say; remembers a comment that goes on.
function code_of(line,    out, rest)
{
    out = ""
    while (line != "") {
        if (in_comment) {
            if (!match(line, /\*\//))
                return out
            line = substr(line, RSTART + 2)
            in_comment = 0
        } else if (match(line, /\/\*|\/\/|"([^"\\]|\\.)*"|'([^'\\]|\\.)*'/)) {
            rest = substr(line, RSTART, 2)
            out = out substr(line, 1, RSTART - 1)
            if (rest == "//")
                return out
            if (rest == "/*") {
                in_comment = 1
                line = substr(line, RSTART + 2)
            } else {
                out = out "\"\""
                line = substr(line, RSTART + RLENGTH)
            }
        } else {
            return out line
        }
    }
    return out
}

function check_include(path, number, line, room,    name, other)
{
    name = line
    sub(/^[^"]*"/, "", name)
    sub(/".*$/, "", name)
    if (name !~ /\//) {
        complain(path, number, "\"" name "\" does not name its room (\"room/file.h\")")
        return
    }
    other = name
    sub(/\/.*$/, "", other)
    if (other == "headgate")
        return
    if (room == "") {
        complain(path, number, "include/headgate is shared by all and may not look into " other)
        return
    }
    if (!(other in looks))
        complain(path, number, "there is no room called " other)
    else if (!may_look(room, other))
        complain(path, number, room " may not look into " other)
}

function read_file(path,    line, code, number, room, bytes, i, parts, has_modbus)
{
    split(path, parts, "/")
    room = parts[1] == "gateway" ? parts[2] : ""
    if (room != "" && !(room in looks)) {
        complain(path, 1, "there is no room called " room)
        return
    }
    number = bytes = in_comment = has_modbus = 0
    while ((getline line < path) > 0) {
        number++
        bytes += length(line) + 1
        if (number == 1 && line != "/* SPDX-License-Identifier: Apache-2.0 */")
            complain(path, 1, "the first line is not the licence line")
        if (!in_comment && line ~ /^[ \t]*#[ \t]*include[ \t]*"/)
            check_include(path, number, line, room)
        code = code_of(line)
        for (i = 1; i <= ruled; i++) {
            if (code ~ word[i] && path !~ place[i])
                complain(path, number, reason[i])
        }
        if (code ~ /<modbus/)
            has_modbus = 1
    }
    close(path)
    if (number == 0)
        complain(path, 1, "empty, or cannot be read")
    if (has_modbus) {
        modbus[room]++
        modbus_files[room] = modbus_files[room] " " path
    }
    if (bytes > 24576)
        complain(path, number, bytes " bytes: split it by job (24576 at most)")
}
