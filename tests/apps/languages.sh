#!/bin/bash
# test: needs=languages,tools timeout=240
# perl, ruby, php, lua, tcl and guile: each computes, makes a child, reads its output and handles a signal or an error.
. "$TOP/tests/apps/lib.sh"

cat >t.pl <<'EOT'
use strict; use warnings; use POSIX qw(uname); use Digest::SHA qw(sha256_hex); use IO::Socket::INET; use Time::HiRes qw(alarm);
my @u = uname(); die $u[4] unless $u[4] eq "aarch64";
my %h; $h{$_ % 7} += $_ for 1 .. 10000;
my $out = `echo child; exit 3`; die unless $out eq "child\n" && $? >> 8 == 3;
my $got = 0; local $SIG{ALRM} = sub { $got = 1 }; alarm(0.05); select(undef, undef, undef, 5); die "alarm" unless $got;
my $l = IO::Socket::INET->new(Listen => 1, LocalAddr => "127.0.0.1") or die;
if (my $pid = fork) { my $c = $l->accept; print $c "hello\n"; close $c; waitpid $pid, 0; die if $?; }
else { my $s = IO::Socket::INET->new(PeerAddr => "127.0.0.1", PeerPort => $l->sockport) or die; exit(<$s> eq "hello\n" ? 0 : 1); }
(my $t = "a1b22c333") =~ s/(\d+)/<$1>/g;
print "$t $h{3} ", length(sha256_hex("x")), "\n";
EOT
expect 'a<1>b<22>c<333> 7146429 64' guest perl t.pl

cat >t.rb <<'EOT'
raise RUBY_PLATFORM unless RUBY_PLATFORM.start_with?("aarch64")
out = IO.popen(["sh", "-c", "echo child"]).read
sum = (1..1000).each_slice(7).map(&:sum).sum
q = Queue.new
ts = 8.times.map { |i| Thread.new { q << i * i } }
ts.each(&:join)
pid = fork { exit 5 }
Process.wait pid
r, w = IO.pipe
trap("USR1") { w.write "s" }
Process.kill("USR1", Process.pid)
sig = r.read(1)
f = Fiber.new { |x| y = Fiber.yield x + 1; y * 2 }
puts "#{out.strip} #{sum} #{q.size} #{$?.exitstatus} #{sig} #{f.resume(1)} #{f.resume(21)} #{2**100}"
EOT
expect 'child 500500 8 5 s 2 42 1267650600228229401496703205376' guest ruby t.rb

cat >t.php <<'EOT'
<?php
if (php_uname("m") !== "aarch64") exit(1);
exec("echo child; exit 3", $out, $status);
$a = []; for ($i = 0; $i < 10000; $i++) $a[] = ($i * 7919) % 10007;
sort($a);
echo $out[0], " ", $status, " ", $a[5000], " ", md5("elver"), " ", json_encode(["pi" => round(M_PI, 5)]), " ", preg_replace('/\d+/', '#', "a1b22"), "\n";
EOT
expect "child 3 5005 $(printf elver | md5sum | cut -d' ' -f1) {\"pi\":3.14159} a#b#" guest php -n t.php

cat >t.lua <<'EOT'
local p = io.popen("echo child"); local c = p:read("l"); p:close()
local co = coroutine.wrap(function() for i = 1, 3 do coroutine.yield(i * i) end end)
local t = {}; for i = 1, 1000 do t[i] = (i * 37) % 1001 end; table.sort(t)
local ok, e = pcall(error, "caught")
print(c, co(), co(), co(), t[500], e, string.format("%.3f", math.sin(1)), 7 // 2, 1 << 40)
EOT
expect $'child\t1\t4\t9\t500\tcaught\t0.841\t3\t1099511627776' guest lua5.4 t.lua

cat >t.tcl <<'EOT'
set s [socket -server {apply {{c a p} {puts $c "hi $a"; close $c}}} -myaddr 127.0.0.1 0]
set port [lindex [fconfigure $s -sockname] 2]
set c [socket -async 127.0.0.1 $port]
fileevent $c readable {set ::line [gets $c]}
vwait ::line
puts "$tcl_platform(machine) [expr {2**64}] [exec echo child] $::line [lsort -integer {3 1 2}]"
EOT
expect 'aarch64 18446744073709551616 child hi 127.0.0.1 1 2 3' guest tclsh8.6 t.tcl

cat >t.scm <<'EOT'
(use-modules (ice-9 popen) (ice-9 rdelim) (ice-9 threads))
(define (fact n) (if (= n 0) 1 (* n (fact (- n 1)))))
(define p (open-input-pipe "echo child"))
(define line (read-line p))
(close-pipe p)
(display (list line (fact 20) (apply + (par-map (lambda (x) (* x x)) (iota 10))) (vector-ref (uname) 4)))
(newline)
EOT
GUILE_AUTO_COMPILE=0 expect '(child 2432902008176640000 285 aarch64)' guest guile -q t.scm
