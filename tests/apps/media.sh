#!/bin/bash
# test: needs=media timeout=400
# ffmpeg makes a film with sound by itself, encodes it with x264 and AAC, decodes it and measures what came of it.
. "$TOP/tests/apps/lib.sh"
ff() { guest ffmpeg -hide_banner -loglevel error -nostdin -y "$@"; }
ff -f lavfi -i testsrc=size=160x120:rate=10:duration=2 -f lavfi -i sine=frequency=440:duration=2 \
    -c:v libx264 -preset veryfast -threads 2 -c:a aac out.mp4
expect_like 'width=160' guest ffprobe -v error -select_streams v -show_entries stream=width,nb_frames out.mp4
expect_like 'nb_frames=20' guest ffprobe -v error -select_streams v -show_entries stream=width,nb_frames out.mp4
ff -i out.mp4 -f rawvideo -pix_fmt gray raw.gray
[ "$(stat -c %s raw.gray)" = $((160 * 120 * 20)) ] || die "decoded $(stat -c %s raw.gray) bytes"
guest ffmpeg -hide_banner -nostdin -i out.mp4 -f lavfi -i testsrc=size=160x120:rate=10:duration=2 -lavfi '[0:v][1:v]psnr' -an -f null - 2>log
psnr=$(sed -n 's/.*average:\([0-9]*\).*/\1/p' log | tail -1)
[ "${psnr:-0}" -ge 30 ] || die "PSNR ${psnr:-none}: $(tail -3 log)"
ff -f lavfi -i testsrc=size=64x64:rate=5:duration=1 -c:v libvpx-vp9 -cpu-used 8 vp9.webm
ff -i vp9.webm -frames:v 1 frame.png
[ "$(head -c 4 frame.png | od -An -tx1 | tr -d ' ')" = 89504e47 ] || die "no PNG"
