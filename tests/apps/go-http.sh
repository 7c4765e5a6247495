#!/bin/bash
# test: all needs=go timeout=1200
# Go: net/http on loopback, built from the sources of the standard library, and go vet.
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
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
)

func main() {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	go http.Serve(l, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprintf(w, "got %s", r.URL.Path) }))
	var wg sync.WaitGroup
	var mu sync.Mutex
	sum := 0
	for i := 0; i < 20; i++ {
		wg.Add(1)
		go func(i int) {
			defer wg.Done()
			resp, err := http.Get(fmt.Sprintf("http://%s/%d", l.Addr(), i))
			if err != nil {
				panic(err)
			}
			body, _ := io.ReadAll(resp.Body)
			mu.Lock()
			sum += len(body)
			mu.Unlock()
		}(i)
	}
	wg.Wait()
	fmt.Println(sum)
}
EOT
guest go vet .
guest go build -o prog .
http_proxy='' expect 130 guest "$PWD/prog"
