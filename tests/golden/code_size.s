// Hot sequences of compiled code, a function each. code_size.py counts the host instructions that each becomes.
// x1 to x4 point into writable memory, x5 is small, x21 is SP's page below; what is not pinned appears as x9 to x17.
    .arch armv8.2-a+crypto+sha3+dotprod
    .macro seq name
    .p2align 6
    .global \name
    .type \name, %function
\name:
    .endm
    .macro end name
    ret
    .size \name, . - \name
    .endm

    .text
// ---- integer ----
    seq add_reg
    add x0, x1, x2
    end add_reg
    seq add_in_place
    add x0, x0, x2
    end add_in_place
    seq add_unpinned
    add x9, x10, x11
    end add_unpinned
    seq add_w
    add w0, w1, w2
    end add_w
    seq add_imm
    add x0, x1, #24
    end add_imm
    seq add_shifted
    add x0, x1, x2, lsl #3
    end add_shifted
    seq add_sxtw
    add x0, x1, w2, sxtw #2
    end add_sxtw
    seq sub_reg
    sub x0, x1, x2
    end sub_reg
    seq neg
    neg x0, x1
    end neg
    seq mov_const
    mov x0, #0x1234
    movk x0, #0x5678, lsl #16
    end mov_const
    seq adrp_add
    adrp x0, buffer
    add x0, x0, :lo12:buffer
    end adrp_add
    seq and_imm
    and x0, x1, #0xff
    end and_imm
    seq bic
    bic x0, x1, x2
    end bic
    seq orn
    orn x0, x1, x2
    end orn
    seq eor_ror
    eor w0, w1, w2, ror #7
    end eor_ror
    seq ubfx
    ubfx x0, x1, #8, #12
    end ubfx
    seq sbfx
    sbfx x0, x1, #8, #12
    end sbfx
    seq bfi
    bfi x0, x1, #8, #12
    end bfi
    seq lsl_reg
    lsl x0, x1, x2
    end lsl_reg
    seq lsr_imm
    lsr x0, x1, #5
    end lsr_imm
    seq sxtw
    sxtw x0, w1
    end sxtw
    seq madd
    madd x0, x1, x2, x3
    end madd
    seq umulh
    umulh x0, x1, x2
    end umulh
    seq udiv
    udiv x0, x1, x2
    end udiv
    seq clz
    clz x0, x1
    end clz
    seq rbit
    rbit x0, x1
    end rbit
    seq rbit_clz
    rbit x0, x1
    clz x0, x0
    end rbit_clz
    seq cmp_then_shift
    cmp x0, x1
    lsr x2, x3, #4
    mul x4, x2, x3
    csel x0, x2, x4, hi
    end cmp_then_shift
    seq movk_apart
    movz x0, #1
    add x1, x2, x3
    movk x0, #2, lsl #16
    sub x2, x3, #8
    movk x0, #3, lsl #32
    end movk_apart
    seq mul_long
    smull x0, w1, w2
    end mul_long
    seq rev
    rev x0, x1
    end rev

// ---- flags ----
    seq cmp_branch
    cmp x0, x1
    b.lt 1f
    add x0, x0, #1
1:  end cmp_branch
    seq tst_branch
    tst x0, #7
    b.ne 1f
    add x0, x0, #1
1:  end tst_branch
    seq cbz
    cbz x0, 1f
    add x0, x0, #1
1:  end cbz
    seq tbnz
    tbnz x0, #3, 1f
    add x0, x0, #1
1:  end tbnz
    seq csel
    cmp x0, x1
    csel x0, x1, x2, lt
    end csel
    seq cset
    cmp x0, x1
    cset w0, hi
    end cset
    seq cinc
    cmp x0, x1
    cinc x0, x2, eq
    end cinc
    seq ccmp
    cmp x0, #3
    ccmp x1, #5, #4, ne
    b.eq 1f
    add x0, x0, #1
1:  end ccmp
    seq adds_adc
    adds x0, x0, x2
    adc x1, x1, x3
    end adds_adc
    seq subs_loop
1:  subs x5, x5, #1
    b.ne 1b
    end subs_loop

// ---- memory ----
    seq ldr_imm
    ldr x0, [x1, #16]
    end ldr_imm
    seq ldr_unpinned
    ldr x9, [x1, #16]
    end ldr_unpinned
    seq ldr_index
    ldr x0, [x1, x5, lsl #3]
    end ldr_index
    seq ldr_uxtw
    ldr w0, [x1, w5, uxtw #2]
    end ldr_uxtw
    seq ldr_post
    ldr x0, [x1], #8
    end ldr_post
    seq ldr_pre
    ldr x0, [x1, #8]!
    end ldr_pre
    seq ldrb
    ldrb w0, [x1, #1]
    end ldrb
    seq ldrsw
    ldrsw x0, [x1, #4]
    end ldrsw
    seq str_imm
    str x0, [x1, #16]
    end str_imm
    seq strb_post
    strb w0, [x1], #1
    end strb_post
    seq ldp
    ldp x0, x2, [x1, #16]
    end ldp
    seq stp_zero
    stp xzr, xzr, [x1]
    end stp_zero
    seq frame
    stp x29, x30, [sp, #-32]!
    mov x29, sp
    stp x19, x20, [sp, #16]
    ldp x19, x20, [sp, #16]
    ldp x29, x30, [sp], #32
    end frame
    seq ldar
    ldar x0, [x1]
    end ldar
    seq stlr
    stlr x0, [x1]
    end stlr
    seq ldadd
    ldadd x0, x2, [x1]
    end ldadd
    seq cas
    cas x0, x2, [x1]
    end cas
    seq ldaxr_stlxr
    ldaxr x0, [x1]
    stlxr w2, x0, [x1]
    end ldaxr_stlxr
    seq casp
    casp x4, x5, x6, x7, [x1]
    end casp
    seq ldxp
    ldxp x6, x7, [x1]
    end ldxp
    seq helper_call
    stp x29, x30, [sp, #-16]!
    bl helper
    ldp x29, x30, [sp], #16
    end helper_call
    .p2align 2
helper:
    adrp x16, buffer
    ldrb w16, [x16, #:lo12:buffer]
    cbz w16, 1f
    ldadd x0, x0, [x1]
    ret
1:  ret

// ---- control ----
    seq call
    mov x28, x30
    bl leaf
    mov x30, x28
    end call
    seq leaf
    nop
    end leaf
    seq call_register
    mov x28, x30
    adr x0, leaf
    blr x0
    mov x30, x28
    end call_register

// ---- floating point ----
    seq fadd
    fadd d0, d1, d2
    end fadd
    seq fmul_s
    fmul s0, s1, s2
    end fmul_s
    seq fmadd
    fmadd d0, d1, d2, d3
    end fmadd
    seq fcmp_branch
    fcmp d0, d1
    b.gt 1f
    fadd d0, d1, d2
1:  end fcmp_branch
    seq fccmp_branch
    fcmp d0, d1
    fccmp d2, d3, #4, ge
    b.ne 1f
    fmov d0, d1
1:
    end fccmp_branch
    seq fcvt_half
    fcvt s0, h1
    end fcvt_half
    seq fcsel
    fcmp d0, d1
    fcsel d0, d1, d2, mi
    end fcsel
    seq scvtf
    scvtf d0, x5
    end scvtf
    seq fcvtzs
    fmov d1, #2.0
    fcvtzs x0, d1
    end fcvtzs
    seq fsqrt
    fmov d1, #2.0
    fsqrt d0, d1
    end fsqrt
    seq ldr_d
    ldr d0, [x1, #8]
    end ldr_d

// ---- vectors ----
    seq add_4s
    add v0.4s, v1.4s, v2.4s
    end add_4s
    seq mul_4s
    mul v0.4s, v1.4s, v2.4s
    end mul_4s
    seq fmla_2d
    fmla v0.2d, v1.2d, v2.2d
    end fmla_2d
    seq fmla_lane
    fmla v0.4s, v1.4s, v2.s[1]
    end fmla_lane
    seq cmeq_16b
    cmeq v0.16b, v1.16b, #0
    end cmeq_16b
    seq shrn
    shrn v0.8b, v1.8h, #4
    end shrn
    seq addv
    addv s0, v1.4s
    end addv
    seq dup_16b
    dup v0.16b, w0
    end dup_16b
    seq umov
    umov w0, v1.b[3]
    end umov
    seq zip1
    zip1 v0.8h, v1.8h, v2.8h
    end zip1
    seq ext
    ext v0.16b, v1.16b, v2.16b, #3
    end ext
    seq tbl1
    tbl v0.16b, {v1.16b}, v2.16b
    end tbl1
    seq smull
    smull v0.4s, v1.4h, v2.4h
    end smull
    seq ushll
    ushll v0.8h, v1.8b, #0
    end ushll
    seq sdot
    sdot v0.4s, v1.16b, v2.16b
    end sdot
    seq sqadd_8h
    sqadd v0.8h, v1.8h, v2.8h
    end sqadd_8h
    seq sqxtun
    sqxtun v0.8b, v1.8h
    end sqxtun
    seq sqrshrun
    sqrshrun v0.8b, v1.8h, #6
    end sqrshrun
    seq sqrdmulh
    sqrdmulh v0.8h, v1.8h, v2.8h
    end sqrdmulh
    seq srshl_4s
    srshl v0.4s, v1.4s, v2.4s
    end srshl_4s
    seq sshl_4s
    sshl v0.4s, v1.4s, v2.4s
    end sshl_4s
    seq shadd_16b
    shadd v0.16b, v1.16b, v2.16b
    end shadd_16b
    seq clz_4s
    clz v0.4s, v1.4s
    end clz_4s
    seq uaddlv_8h
    uaddlv s0, v1.8h
    end uaddlv_8h
    seq uadalp_8h
    uadalp v0.4s, v1.8h
    end uadalp_8h
    seq fcvtas_4s
    fcvtas v0.4s, v1.4s
    end fcvtas_4s
    seq frecpe_4s
    frecpe v0.4s, v1.4s
    end frecpe_4s
    seq fcvtms_w
    fcvtms w0, d1
    end fcvtms_w
    seq vectors_unpinned
    eor v10.16b, v9.16b, v8.16b
    end vectors_unpinned
    seq ldp_q
    ldp q0, q1, [x1]
    end ldp_q
    seq ld2
    ld2 {v0.16b, v1.16b}, [x1]
    end ld2
    seq ld3
    ld3 {v0.16b-v2.16b}, [x1]
    end ld3
    seq st3
    st3 {v0.16b-v2.16b}, [x1]
    end st3
    seq ld4
    ld4 {v0.8h-v3.8h}, [x1]
    end ld4
    seq st4
    st4 {v0.16b-v3.16b}, [x1], #64
    end st4
    seq ld1r
    ld1r {v0.8h}, [x1]
    end ld1r
    seq ld2_lane
    ld2 {v0.b, v1.b}[3], [x1]
    end ld2_lane
    seq aese
    aese v0.16b, v1.16b
    aesmc v0.16b, v0.16b
    end aese
    seq sha1c
    sha1c q0, s1, v2.4s
    end sha1c
    seq sha256su1
    sha256su1 v0.4s, v1.4s, v2.4s
    end sha256su1
    seq crc32x
    crc32x w0, w0, x5
    end crc32x
    seq sha256h
    sha256h q0, q1, v2.4s
    end sha256h
    seq pmull
    pmull v0.1q, v1.1d, v2.1d
    end pmull

    .bss
    .p2align 12
    .global buffer
buffer:
    .skip 8192
