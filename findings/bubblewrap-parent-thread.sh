#!/usr/bin/env bash
# SPDX-License-Identifier: EUPL-1.2
# Guess: bwrap --die-with-parent ends a sandbox with the process that started it: "when bwrap's parent dies".
# What happens: it ends with the thread that started it. A program with a pool of threads starts its sandbox from whichever is
#        free; when the pool gives that thread up, the sandbox is killed in the midst of its work, by SIGKILL and without a word,
#        and the program is as alive as ever. The manual refers to prctl, and only there "parent" is said to be a thread.
# Needs: python3, and to be root or a user who may make namespaces.
. "$(dirname "$0")/packages"
unpack bookworm bubblewrap 0.8.0-2+deb12u1 libcap2 1:2.66-4+deb12u3+b1
unpack trixie bubblewrap 0.12.0-1~deb13u1 libcap2 1:2.75-10+deb13u1+b3 libc6 2.41-12+deb13u5
old=$(folder_of libcap2 1:2.66-4+deb12u3+b1 libcap.so.2) new=$(folder_of libcap2 1:2.75-10+deb13u1+b3 libcap.so.2)
c=$(folder_of libc6 2.41-12+deb13u5 libc.so.6)

cat >"$work/start.py" <<'END'
import subprocess, sys, threading

sandbox = None

def start():
    global sandbox
    command = sys.argv[2:] + ["sh", "-c", "echo up; exec cat"]
    sandbox = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    sandbox.stdout.readline()  # it runs: the thread has done its part

if sys.argv[1] == "thread":
    thread = threading.Thread(target=start)
    thread.start()
    thread.join()
else:
    start()
try:
    print("ended with", sandbox.wait(3))
except subprocess.TimeoutExpired:
    print("runs on")
    sandbox.stdin.close()
    sandbox.wait()
END
box=(--dev-bind / / --unshare-pid)
start_old() { LD_LIBRARY_PATH=$old python3 "$work/start.py" "$1" "$work/bubblewrap/0.8.0-2+deb12u1/usr/bin/bwrap" "${box[@]}" "${@:2}"; }
start_new() {
  python3 "$work/start.py" "$1" "$c/ld-linux-x86-64.so.2" --library-path "$new:$c:/lib/x86_64-linux-gnu" \
    "$work/bubblewrap/0.12.0-1~deb13u1/usr/bin/bwrap" "${box[@]}" "${@:2}"
}
for version in old new; do
  echo "bubblewrap, the $version one; the program that started it lives on:"
  says '  started by its main thread, --die-with-parent' 'runs on' "$("start_$version" main --die-with-parent)"
  says '  by a thread that ends, --die-with-parent' 'ended with -9' "$("start_$version" thread --die-with-parent)"
  says '  by a thread that ends, without' 'runs on' "$("start_$version" thread)"
done
