# SPDX-License-Identifier: EUPL-1.2
"""Who may include whom, and where each foreign library lives."""
import os
import re

from tree import check, line_of

# From the folder to what its files may include besides the folder itself; the longest folder that fits counts.
BASE, NET, API, CLIENT = "broker/base/", "broker/net/", "broker/api/", "broker/client/"
PORT = "broker/core/port.h"
LAYERS = {
    "broker/base": [],
    "broker/net": [BASE],
    "broker/api": [BASE],
    "broker/client": [BASE, NET, API],
    "broker/core": [BASE, API],
    "broker/portal": [BASE, API],
    "broker/calls": [BASE, API, "broker/core/", "broker/portal/"],
    "broker/server": [BASE, NET, API, "broker/core/", "broker/portal/", "broker/calls/"],
    "broker/backup": [BASE, NET, API, PORT],
    "broker/auth": [BASE, NET, API, PORT],
    "broker/hosts": [BASE, NET, API, PORT],
    "broker/store": [BASE, API, PORT],
    "broker/pult-gateway": [BASE, NET, API, CLIENT],
    "broker/pult-host": [BASE, NET, API, CLIENT],
    "broker/pult-hypervisor": [BASE, NET, API, CLIENT],
    "broker/pult-print": [BASE, NET, API, CLIENT],
    "broker": ["broker/"],
    "client-agent": [BASE, NET, API, CLIENT],
    "admin-tool": [BASE, NET, API, CLIENT],
    "pxe": [BASE, NET, API, CLIENT],
    "images": [],
    "tests": ["broker/", "client-agent/", "admin-tool/", "pxe/", "images/", "tests/"],
}

# What fills a port has entries, and nothing else of it is known outside of its folder.
ENTRIES = {"broker/store/": ["broker/store/sqlite.h"]}

# Header of a foreign library -> the files it may be included by (beginnings of paths). Tests may include all.
HOMES = {
    r"uv\.h": ["broker/base/loop.", "broker/net/lws_poll_guard."],
    r"libwebsockets\.h": ["broker/base/loop.", "broker/net/", "broker/server/", "broker/client/",
                          "broker/pult-gateway/", "broker/pult-print/", "pxe/"],
    r"json-c/.*": ["broker/api/codec_json."],
    r"openssl/.*": ["broker/net/", "broker/client/", "broker/api/otp.", "broker/auth/", "broker/calls/", "broker/core/",
                    "broker/pult-gateway/", "broker/hosts/", "broker/portal/", "broker/pult-host/", "broker/pult-print/", "broker/main.c", "broker/server/", "broker/store/"],
    r"(l(dap|ber).*|openldap)\.h": ["broker/auth/"],
    r"sasl/.*": ["broker/auth/"],
    r"gssapi.*": ["broker/auth/", "broker/client/client_ticket.", "client-agent/ticket."],
    r"krb5.*": ["broker/auth/", "client-agent/ticket."],
    r"fido\.h|fido/.*": ["broker/auth/passkey."],
    r"qrencode\.h": ["broker/portal/qr_code."],
    r"sqlite3\.h|libpq-fe\.h": ["broker/store/"],
    r"(freerdp|winpr)/.*": ["client-agent/rdp_client.", "broker/hosts/", "broker/server/"],
    r"gtk/.*|gdk/.*|glib.*": ["client-agent/"],
    r"(X11|xcb)/.*": ["client-agent/", "broker/pult-host/session_keyboard.c"],
    r"seccomp\.h": ["client-agent/syscall_filter.c"],
    r"yaml\.h": ["admin-tool/"],
    r"cups/.*": ["broker/pult-print/", "broker/pult-host/cups_queues.c", "broker/pult-host/cups_spool.c", "broker/pult-host/print_", "client-agent/printer."],
    r"security/.*": ["broker/pult-host/"],
    r"systemd/.*": ["broker/main.c", "broker/pult-host/", "broker/pult-gateway/"],
    r"curl/.*": ["broker/pult-host/print_handover.c"],
    r"tss2/.*": ["client-agent/device.", "broker/server/"],
    r"criterion/.*": ["tests/"],
    r"(iconv|libintl|ut(hash|list))\.h": [""],
}
# Call -> the files it may be made in: what must be done in one way only is done in one place.
CALL_HOMES = {
    r"fsync|fdatasync|sync|syncfs|rename|renameat2?|link|linkat|mkstemp|mkostemp|tmpfile": ["broker/base/file."],
    r"SSL(?:_CTX)?_(?:set_(?:cipher_list|ciphersuites|(?:min|max)_proto_version|max_early_data)|set1_\w+)":
        ["broker/net/tls_policy."],
    r"mallopt": ["broker/base/secrecy."],
    r"getaddrinfo|gethostbyname": ["broker/net/resolver."],
    r"X509_digest|PEM_read_(?:bio_)?X509|X509_get0_notAfter": ["broker/net/certificate.", "broker/auth/sasl_gssapi."],
}
SYSTEM = re.compile(r"(sys|netinet|net|arpa|linux|bits)/\w+\.h|(aio|arpa|assert|ctype|dirent|dlfcn|endian|err|errno|"
                    r"fcntl|fnmatch|getopt|glob|grp|ifaddrs|inttypes|langinfo|limits|locale|malloc|math|mntent|netdb|"
                    r"poll|pthread|pty|pwd|regex|sched|semaphore|setjmp|shadow|signal|spawn|stdarg|stdatomic|stdbool|"
                    r"stddef|stdint|stdio|stdlib|stdnoreturn|string|strings|syslog|termios|threads|time|unistd|"
                    r"utime|utmpx|wchar|wctype)\.h")
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*(["<])([^">]+)[">]', re.MULTILINE)


def includes(source):
    for match in INCLUDE.finditer(source.text):
        yield source.text.count("\n", 0, match.start()) + 1, match.group(1) == '"', match.group(2)


def layer_of(path):
    fitting = [layer for layer in LAYERS if path.startswith(layer + "/")
               and (layer != "broker" or path.count("/") == 1)]
    return max(fitting, key=len) if fitting else None


def is_hidden(path):
    return any(path.startswith(folder) and path not in entries for folder, entries in ENTRIES.items())


CORE_H = {"broker/core/lease.h": ""}


@check(good={**CORE_H, "broker/core/lease.c": '#include "broker/core/lease.h"\n#include "broker/base/mem.h"\n',
             "broker/base/mem.h": "", "broker/auth/ldap.c": '#include "broker/core/port.h"\n', PORT: "",
             "broker/main.c": '#include "broker/core/lease.h"\n'},
       bad=[{**CORE_H, "broker/api/types.h": '#include "broker/core/lease.h"\n'},
            {**CORE_H, "broker/store/journal.c": '#include "broker/core/lease.h"\n'},
            {**CORE_H, "admin-tool/host.c": '#include "broker/core/lease.h"\n'},
            {**CORE_H, "broker/core/placement.c": '#include "lease.h"\n'},
            {"tests/network.h": "", "broker/core/placement.c": '#include "tests/network.h"\n'},
            {**CORE_H, "broker/new/x.c": '#include "broker/core/lease.h"\n'},
            {"broker/broker.c": '#include "broker/store/chain.h"\n', "broker/store/chain.h": ""},
            {"stray/x.c": '#include "broker/base/mem.h"\n', "broker/base/mem.h": ""}])
def layers(tree):
    """base <- net, base <- api <- core <- calls <- server <- main, api and net <- client; includes from the root"""
    for source in tree.c_sources():
        layer = layer_of(source.path)
        for line, quoted, path in includes(source):
            if not quoted:
                continue
            allowed = layer and any(path.startswith(start) for start in LAYERS[layer] + [layer + "/"])
            if path not in tree.sources:
                yield f'{source.path}:{line}: "{path}" is no file from the root'
            elif not allowed or (layer == "broker" and is_hidden(path)):
                yield f"{source.path}:{line}: {layer or 'a folder of no layer'} may not include {path}"


def module_of(path):
    """x.c and x.h are one."""
    return os.path.splitext(path)[0]


@check(good={"broker/base/a.h": '#include "broker/base/b.h"\n', "broker/base/b.h": "",
             "broker/base/a.c": '#include "broker/base/a.h"\n#include "broker/base/b.h"\n',
             "broker/base/b.c": '#include "broker/base/b.h"\n'},
       bad=[{"broker/base/a.h": '#include "broker/base/b.h"\n', "broker/base/b.h": '#include "broker/base/c.h"\n',
             "broker/base/c.h": '#include "broker/base/a.h"\n'},
            {"broker/base/a.h": "", "broker/base/a.c": '#include "broker/base/b.h"\n',
             "broker/base/b.h": '#include "broker/base/a.h"\n'},
            {"broker/base/a.h": "", "broker/base/a.c": '#include "broker/base/b.h"\n',
             "broker/base/b.h": "", "broker/base/b.c": '#include "broker/base/a.h"\n'},
            {"broker/base/a.h": '#include "broker/base/a.h"\n'}])
def circles(tree):
    """no module, x.c with x.h, needs itself by way of others"""
    graph = {}
    for source in tree.c_sources():
        module = module_of(source.path)
        graph.setdefault(module, set()).update(
            module_of(path) for _, quoted, path in includes(source)
            if quoted and path in tree.sources and (path == source.path or module_of(path) != module))
    done = set()

    def visit(module, way):
        if module in way:
            yield "a circle: " + " -> ".join(way[way.index(module):] + [module])
        elif module not in done:
            for target in sorted(graph.get(module, ())):
                yield from visit(target, way + [module])
            done.add(module)

    for module in sorted(graph):
        yield from visit(module, [])


@check(good={"broker/api/codec_json.c": "#include <json-c/json.h>\n#include <stdio.h>\n#include <sys/socket.h>\n",
             "tests/unit/x.c": "#include <uv.h>\n"},
       bad=[{"broker/core/state.c": "#include <json-c/json.h>\n"},
            {"broker/server/http.c": "#include <uv.h>\n"},
            {"broker/core/state.c": "#include <curl/curl.h>\n"},
            {"admin-tool/main.c": "#include <openssl/ssl.h>\n"}])
def homes(tree):
    """each foreign library is included where it lives, and nowhere else"""
    for source in tree.c_sources():
        for line, quoted, header in includes(source):
            if quoted or SYSTEM.fullmatch(header) or source.path.startswith("tests/"):
                continue
            homes_of = [places for pattern, places in HOMES.items() if re.fullmatch(pattern, header)]
            if not homes_of:
                yield f"{source.path}:{line}: <{header}> has no home: see HOMES in tests/tree/layers.py"
            elif not any(source.path.startswith(place) for place in homes_of[0]):
                yield f"{source.path}:{line}: <{header}> lives in {', '.join(homes_of[0])}"


# Where an id is read and made, and the one place that asks whose a thing is; tests may look for themselves.
BORDER = ("broker/api/types.", "broker/core/wall.c", "tests/")


@check(good={"broker/core/wall.c": "    id_tenant(tenant_id, id);\n", "broker/api/types.c": "void id_tenant(\n",
             "broker/core/profile.c": 'wall_walk(state, tenant_id, noun); snprintf(path, size, "%s/%s", folder, name);\n'},
       bad=[{"broker/calls/noun.c": "    id_tenant(tenant_id, id);\n"},
            {"broker/core/state.c": "    return id_is_of_tenant(id, tenant_id);\n"},
            {"broker/core/profile.c": '    snprintf(prefix, sizeof prefix, "%s/", tenant_id);\n'}])
def border(tree):
    """whose a thing is and who may use it is the wall's to say: nobody else reads a tenant out of an id"""
    for source in tree.c_sources():
        if source.path.startswith(BORDER):
            continue
        for match in re.finditer(r'\bid_(?:tenant|is_of_tenant)\(|"%s/"', source.text):
            yield f"{source.path}:{line_of(source.text, match.start())}: {match.group()}: ask broker/core/wall.h"


@check(good={"broker/base/file.c": "int f(void)\n{\n    return fsync(1);\n}\n", "broker/store/key.c": "x->rename(a, b);\n",
             "tests/unit/x.c": "rename(a, b);\n"},
       bad=[{"broker/store/key.c": "int f(void)\n{\n    return rename(a, b);\n}\n"},
            {"client-agent/x.c": "bool good = fsync(file) == 0;\n"}])
def calls(tree):
    """what must be done in one way only is done where CALL_HOMES says, and nowhere else"""
    for source in tree.c_sources():
        for names, places in CALL_HOMES.items():
            if source.path.startswith("tests/") or any(source.path.startswith(place) for place in places):
                continue
            for match in re.finditer(rf"(?<![\w.>])({names})\s*\(", source.code):
                yield f"{source.path}:{line_of(source.code, match.start())}: {match.group(1)}() lives in {', '.join(places)}"
