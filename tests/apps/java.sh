#!/bin/bash
# test: needs=jvm timeout=400
# OpenJDK 21: -version, compile and run, threads, the default collector, class-data sharing, subprocesses.
. "$TOP/tests/apps/lib.sh"
expect_like 'openjdk version "21' guest bash -c 'exec /usr/bin/java -version 2>&1'
cat >Hello.java <<'EOT'
public class Hello {
    public static void main(String[] a) { System.out.println("Hello from " + System.getProperty("os.arch")); }
}
EOT
guest javac Hello.java
expect 'Hello from aarch64' guest java -cp . Hello
expect 'Hello from aarch64' guest java -Xshare:on -cp . Hello
cat >Work.java <<'EOT'
import java.util.*;
import java.util.concurrent.*;
import java.util.concurrent.atomic.*;
import java.util.stream.*;
public class Work {
    static int fib(int n) { return n < 2 ? n : fib(n - 1) + fib(n - 2); }
    public static void main(String[] a) throws Exception {
        ExecutorService pool = Executors.newFixedThreadPool(8);
        List<Future<Integer>> fs = new ArrayList<>();
        for (int i = 0; i < 16; i++) { final int n = 15 + i % 4; fs.add(pool.submit(() -> fib(n))); }
        long sum = 0;
        for (Future<Integer> f : fs) sum += f.get();
        pool.shutdown();
        AtomicLong al = new AtomicLong();
        Thread[] ts = new Thread[8];
        for (int i = 0; i < ts.length; i++) { ts[i] = new Thread(() -> { for (int k = 0; k < 10000; k++) al.incrementAndGet(); }); ts[i].start(); }
        for (Thread t : ts) t.join();
        try (var vt = Executors.newVirtualThreadPerTaskExecutor()) { for (int i = 0; i < 200; i++) vt.submit(() -> al.incrementAndGet()); }
        // garbage for the collector
        Map<Integer, byte[]> m = new HashMap<>();
        for (int i = 0; i < 3000; i++) m.put(i % 100, new byte[10000 + i]);
        int caught = 0;
        int[] none = null;
        try { none[0] = 1; } catch (NullPointerException e) { caught++; }
        try { recurse(0); } catch (StackOverflowError e) { caught++; }
        Process p = new ProcessBuilder("sh", "-c", "echo child; exit 3").start();
        String out = new String(p.getInputStream().readAllBytes()).trim();
        System.out.println(sum + " " + al.get() + " " + m.size() + " " + caught + " " + out + p.waitFor() + " "
            + IntStream.rangeClosed(1, 1000).parallel().filter(x -> x % 3 == 0).sum());
    }
    static int recurse(int n) { return recurse(n + 1) + 1; }
}
EOT
guest javac Work.java
expect '23112 80200 100 2 child3 166833' guest java -cp . Work
expect '23112 80200 100 2 child3 166833' guest java -XX:+UseSerialGC -Xint -cp . Work
