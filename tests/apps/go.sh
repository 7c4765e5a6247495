#!/bin/bash
# test: needs=go timeout=600
# Go: builds a program with goroutines, channels, a TCP server on loopback and os/exec, and runs it.
. "$TOP/tests/apps/lib.sh"
mkdir tmp
export TMPDIR=$PWD/tmp
export GOCACHE=$PWD/cache GOPATH=$PWD/gopath GOFLAGS=-mod=mod GOTOOLCHAIN=local GO111MODULE=on GOROOT=/usr/lib/go GOTELEMETRY=off GOPROXY=off
GOROOT=/$(cd "$DEBIAN" && echo usr/lib/go-1.*)
cat >go.mod <<'EOT'
module example.org/t

go 1.21
EOT
cat >main.go <<'EOT'
package main

import (
	"crypto/sha256"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"sync"
	"syscall"
	"time"
)

func main() {
	var wg sync.WaitGroup
	ch := make(chan int, 10)
	for i := 0; i < 200; i++ {
		wg.Add(1)
		go func(i int) { defer wg.Done(); ch <- i * i }(i)
	}
	go func() { wg.Wait(); close(ch) }()
	sum := 0
	for v := range ch {
		sum += v
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	go func() { c, _ := l.Accept(); fmt.Fprintf(c, "got %s", "/p"); c.Close() }()
	conn, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		panic(err)
	}
	body, _ := io.ReadAll(conn)
	out, err := exec.Command("echo", "child").Output()
	if err != nil {
		panic(err)
	}
	c := make(chan os.Signal, 1)
	signal.Notify(c, syscall.SIGUSR1)
	syscall.Kill(os.Getpid(), syscall.SIGUSR1)
	s := <-c
	recovered := func() (r any) {
		defer func() { r = recover() }()
		var p *int
		return *p
	}()
	// A loop without calls must be preempted for the collector to go on.
	stop := false
	go func() { for !stop { } }()
	time.Sleep(20 * time.Millisecond)
	runtime.GC()
	fmt.Println(sum, string(body), string(out[:5]), s, recovered != nil, runtime.GOARCH, fmt.Sprintf("%x", sha256.Sum256([]byte("x")))[:8])
}
EOT
guest go build -o prog .
want='2646700 got /p child user defined signal 1 true arm64 2d711642'
expect "$want" guest "$PWD/prog"
GOMAXPROCS=4 GODEBUG=asyncpreemptoff=0 expect "$want" guest "$PWD/prog"
expect_like '^go version go1' guest go version
