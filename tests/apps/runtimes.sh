#!/bin/bash
# test: all needs=runtimes timeout=600
# Runtimes that make machine code, move their heaps, take faults on purpose or bring threads of their own.
. "$TOP/tests/apps/lib.sh"
expect 299999997 guest luajit -e 'local s = 0 for i = 1, 1e8 do s = s + i % 7 end print(s)'
expect $'true\t12' guest luajit -e 'local ffi = require "ffi" ffi.cdef "int getpid(void); int abs(int);" print(ffi.C.getpid() > 0, ffi.C.abs(-12))'
expect '5999999 4' guest pypy3 -c '
import threading
s = sum(i * i % 7 for i in range(3000000))
ts = [threading.Thread(target=lambda: sum(range(100000))) for _ in range(4)]
[t.start() for t in ts]; [t.join() for t in ts]
print(s, len(ts))'
expect_like '^196418 8$' guest sbcl --noinform --non-interactive --eval '
(labels ((f (n) (if (< n 2) n (+ (f (- n 1)) (f (- n 2))))))
  (let ((ts (loop for i below 8 collect (sb-thread:make-thread (lambda () (loop repeat 2000 collect (make-array 1000)) 1)))))
    (gc :full t)
    (format t "~a ~a~%" (f 27) (reduce (function +) (mapcar (function sb-thread:join-thread) ts)))))'
cat >t.erl <<'X'
-module(t).
-export([main/0]).
main() ->
    S = self(),
    N = 20000,
    [spawn(fun() -> S ! lists:sum(lists:seq(1, I rem 100)) end) || I <- lists:seq(1, N)],
    io:format("~p~n", [lists:sum([receive X -> X end || _ <- lists:seq(1, N)])]),
    halt().
X
guest erlc t.erl
expect 33330000 guest erl -noshell -s t main
expect 500500 guest elixir -e 'IO.puts(Enum.sum(1..1000))'
expect 5050 guest ocaml -e 'print_int (List.fold_left (+) 0 (List.init 101 Fun.id))'
expect 1267650600228229401496703205376 guest swipl -g 'X is 2**100, print(X), nl' -t halt
cat >p.cs <<'X'
using System; using System.Collections.Generic; using System.Linq; using System.Threading.Tasks;
class P { static void Main() {
  var d = new Dictionary<int, int>(); for (int i = 0; i < 500000; i++) d[i % 5003] = i;
  long s = 0; Parallel.For(0, 1000, i => { System.Threading.Interlocked.Add(ref s, i); });
  try { string x = null; Console.WriteLine(x.Length); } catch (NullReferenceException) { Console.Write("null "); }
  Console.WriteLine(d.Values.Sum(x => (long)x) + s); } }
X
guest mcs p.cs
expect 'null 2489481994' guest mono p.exe
expect 'True (3+0j) [ 3. -0.]' guest python3 -c '
import numpy as np, scipy.optimize as o
a = np.random.default_rng(1).random((200, 200))
x = o.minimize(lambda x: (x[0] - 3) ** 2 + x[1] ** 2, [0, 0]).x.round(3)
print(np.allclose(a @ np.linalg.inv(a), np.eye(200)), np.fft.fft([1., 2, 0, 0])[0], x)'
expect 1 guest octave-cli --eval 'A = rand(200); disp(norm(A * inv(A) - eye(200)) < 1e-6)'
expect '[1,2,3]' guest emacs-nox --batch --eval '(progn (require (quote json)) (princ (json-encode (list 1 2 3))))'
guest valgrind -q --error-exitcode=9 /usr/bin/true || die "valgrind ended with $?"
