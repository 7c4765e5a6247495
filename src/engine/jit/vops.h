/*
 * Vector operations by name, in the encoding of x_v (emit.h). One line per
 * instruction of the Intel SDM; every operation on 128 bits unless it says so.
 * V(map, pp, opcode) has no EVEX form; V0 and V1 have one with EVEX.W 0 or 1.
 */
#ifndef ENGINE_JIT_VOPS_H
#define ENGINE_JIT_VOPS_H

#include "engine/jit/emit.h"

#define V(map, pp, op) ((uint32_t)(op) | (map) << 8 | (pp) << 10)
#define V0(map, pp, op) (V(map, pp, op) | VOP_EVEX)
#define V1(map, pp, op) (V(map, pp, op) | VOP_EVEX | VOP_EW)

/* moves */
#define VMOVDQU_LD V1(1, 2, 0x6f)
#define VMOVDQU_ST V1(1, 2, 0x7f)
#define VMOVAPS V0(1, 0, 0x28)
#define VMOVQ_LD V1(1, 2, 0x7e) /* xmm <- xmm/m64, rest zero */
#define VMOVQ_ST V1(1, 1, 0xd6)
#define VMOVD_LD V0(1, 1, 0x6e) /* xmm <- r/m32, rest zero */
#define VMOVD_ST V0(1, 1, 0x7e)
#define VMOVQ_FROM_R (V1(1, 1, 0x6e) | VOP_W)
#define VMOVQ_TO_R (V1(1, 1, 0x7e) | VOP_W)
#define VMOVSS_LD V0(1, 2, 0x10) /* memory form; a register form merges */
#define VMOVSS_ST V0(1, 2, 0x11)
#define VMOVSD_LD V1(1, 3, 0x10)
#define VMOVSD_ST V1(1, 3, 0x11)
#define VMOVLHPS V0(1, 0, 0x16)
#define VMOVHLPS V0(1, 0, 0x12)
#define VMOVHPD_LD V1(1, 1, 0x16) /* high half <- m64 */
#define VMOVHPD_ST V1(1, 1, 0x17)
#define VMOVDDUP V1(1, 3, 0x12)
#define VPINSRB V0(3, 1, 0x20)
#define VPINSRW V0(1, 1, 0xc4)
#define VPINSRD V0(3, 1, 0x22)
#define VPINSRQ (V1(3, 1, 0x22) | VOP_W)
#define VPEXTRB V0(3, 1, 0x14)
#define VPEXTRW V0(3, 1, 0x15)
#define VPEXTRD V0(3, 1, 0x16)
#define VPEXTRQ (V1(3, 1, 0x16) | VOP_W)
#define VINSERTPS V0(3, 1, 0x21)
#define VPBROADCASTB V0(2, 1, 0x78)
#define VPBROADCASTW V0(2, 1, 0x79)
#define VPBROADCASTD V0(2, 1, 0x58)
#define VPBROADCASTQ V1(2, 1, 0x59)

/* scalar and packed floating point: PS, PD, SS, SD differ in pp */
#define VFP(op, dbl, packed) \
    (V(1, ((packed) ? 0 : 2) + ((dbl) ? 1 : 0), op) | VOP_EVEX | ((dbl) ? VOP_EW : 0))
#define FP_SQRT 0x51
#define FP_ADD 0x58
#define FP_MUL 0x59
#define FP_SUB 0x5c
#define FP_MIN 0x5d
#define FP_DIV 0x5e
#define FP_MAX 0x5f
#define VUCOMI(dbl) (V(1, (dbl) ? 1 : 0, 0x2e) | VOP_EVEX | ((dbl) ? VOP_EW : 0))
#define VANDPS V0(1, 0, 0x54)
#define VCMP(dbl, packed) V(1, ((packed) ? 0 : 2) + ((dbl) ? 1 : 0), 0xc2)
#define VROUND(dbl, packed) \
    (V(3, 1, ((packed) ? 0x08 : 0x0a) + ((dbl) ? 1 : 0)) | VOP_EVEX | ((dbl) ? VOP_EW : 0))
#define VCVTSS2SD V0(1, 2, 0x5a)
#define VCVTSD2SS V1(1, 3, 0x5a)
#define VCVTPS2PD V0(1, 0, 0x5a)
#define VCVTPD2PS V1(1, 1, 0x5a)
#define VCVTSI2SS(w) (V(1, 2, 0x2a) | VOP_EVEX | ((w) ? VOP_W | VOP_EW : 0))
#define VCVTSI2SD(w) (V(1, 3, 0x2a) | VOP_EVEX | ((w) ? VOP_W | VOP_EW : 0))
#define VCVTTSS2SI(w) (V(1, 2, 0x2c) | VOP_EVEX | ((w) ? VOP_W | VOP_EW : 0))
#define VCVTUSI2SS(w) (V(1, 2, 0x7b) | VOP_EVEX | VOP_ONLY | ((w) ? VOP_EW : 0))
#define VCVTUSI2SD(w) (V(1, 3, 0x7b) | VOP_EVEX | VOP_ONLY | ((w) ? VOP_EW : 0))
#define VCVTTSS2USI(w) (V(1, 2, 0x78) | VOP_EVEX | VOP_ONLY | ((w) ? VOP_EW : 0))
#define VCVTTSD2USI(w) (V(1, 3, 0x78) | VOP_EVEX | VOP_ONLY | ((w) ? VOP_EW : 0))
#define VCVTTSD2SI(w) (V(1, 3, 0x2c) | VOP_EVEX | ((w) ? VOP_W | VOP_EW : 0))
#define VCVTDQ2PS V0(1, 0, 0x5b)
#define VCVTTPS2DQ V0(1, 2, 0x5b)
#define VCVTTPS2UDQ (V0(1, 0, 0x78) | VOP_ONLY)
#define VCVTTPD2QQ (V1(1, 1, 0x7a) | VOP_ONLY)
#define VCVTTPD2UQQ (V1(1, 1, 0x78) | VOP_ONLY)
#define VCVTQQ2PD (V1(1, 2, 0xe6) | VOP_ONLY)
#define VCVTUQQ2PD (V1(1, 2, 0x7a) | VOP_ONLY)
#define VCVTPH2PS V0(2, 1, 0x13)
#define VCVTPS2PH V0(3, 1, 0x1d) /* reg is the source, r/m the destination */
#define VCVTUDQ2PS (V0(1, 3, 0x7a) | VOP_ONLY)
/* form: 0x98 132, 0xa8 213, 0xb8 231 with the kind added: 0 FMADD, 2 FMSUB, 4 FNMADD, 6 FNMSUB; odd: scalar */
#define VFMA(form, kind, dbl, packed) \
    (V(2, 1, (form) + (kind) + ((packed) ? 0 : 1)) | VOP_EVEX | ((dbl) ? VOP_W | VOP_EW : 0))
#define FMA_132 0x98
#define FMA_213 0xa8
#define FMA_231 0xb8
#define FMA_ADD 0
#define FMA_SUB 2
#define FMA_NADD 4
#define FMA_NSUB 6

/* logic */
#define VPAND V0(1, 1, 0xdb)
#define VPANDN V0(1, 1, 0xdf)
#define VPOR V0(1, 1, 0xeb)
#define VPXOR V0(1, 1, 0xef)
#define VPTERNLOG (V0(3, 1, 0x25) | VOP_ONLY)
#define VPBLENDVB V(3, 1, 0x4c) /* the mask register follows in imm8 bits 7..4 */
#define VBLENDVPS V(3, 1, 0x4a) /* by the sign of each lane of the mask */
#define VBLENDVPD V(3, 1, 0x4b)
#define VPBLENDW V(3, 1, 0x0e)
#define VPBLENDD V(3, 1, 0x02)

/* integers */
#define VPADDB V0(1, 1, 0xfc)
#define VPADDW V0(1, 1, 0xfd)
#define VPADDD V0(1, 1, 0xfe)
#define VPADDQ V1(1, 1, 0xd4)
#define VPSUBB V0(1, 1, 0xf8)
#define VPSUBW V0(1, 1, 0xf9)
#define VPSUBD V0(1, 1, 0xfa)
#define VPSUBQ V1(1, 1, 0xfb)
#define VPADDSB V0(1, 1, 0xec)
#define VPADDSW V0(1, 1, 0xed)
#define VPADDUSB V0(1, 1, 0xdc)
#define VPADDUSW V0(1, 1, 0xdd)
#define VPSUBSB V0(1, 1, 0xe8)
#define VPSUBSW V0(1, 1, 0xe9)
#define VPSUBUSB V0(1, 1, 0xd8)
#define VPSUBUSW V0(1, 1, 0xd9)
#define VPAVGB V0(1, 1, 0xe0)
#define VPAVGW V0(1, 1, 0xe3)
#define VPMULLW V0(1, 1, 0xd5)
#define VPMULLD V0(2, 1, 0x40)
#define VPMULLQ (V1(2, 1, 0x40) | VOP_ONLY)
#define VPMULUDQ V1(1, 1, 0xf4)
#define VPMULDQ V1(2, 1, 0x28)
#define VPMULHW V0(1, 1, 0xe5)
#define VPMULHUW V0(1, 1, 0xe4)
#define VPMULHRSW V0(2, 1, 0x0b)
#define VPMADDWD V0(1, 1, 0xf5)
#define VPMADDUBSW V0(2, 1, 0x04)
#define VPSADBW V0(1, 1, 0xf6)
#define VPABSB V0(2, 1, 0x1c)
#define VPABSW V0(2, 1, 0x1d)
#define VPABSD V0(2, 1, 0x1e)
#define VPMINSB V0(2, 1, 0x38)
#define VPMINSW V0(1, 1, 0xea)
#define VPMINSD V0(2, 1, 0x39)
#define VPMINUB V0(1, 1, 0xda)
#define VPMINUW V0(2, 1, 0x3a)
#define VPMINUD V0(2, 1, 0x3b)
#define VPMAXSB V0(2, 1, 0x3c)
#define VPMAXSW V0(1, 1, 0xee)
#define VPMAXSD V0(2, 1, 0x3d)
#define VPMAXUB V0(1, 1, 0xde)
#define VPMAXUW V0(2, 1, 0x3e)
#define VPMAXUD V0(2, 1, 0x3f)
#define VPMINUQ (V1(2, 1, 0x3b) | VOP_ONLY)
#define VPMAXSQ (V1(2, 1, 0x3d) | VOP_ONLY)
#define VPMAXUQ (V1(2, 1, 0x3f) | VOP_ONLY)
#define VPOPCNTB (V0(2, 1, 0x54) | VOP_ONLY)
#define VPDPBUSD (V0(2, 1, 0x50) | VOP_ONLY)
#define VPCMPEQB V(1, 1, 0x74)
#define VPCMPEQW V(1, 1, 0x75)
#define VPCMPEQD V(1, 1, 0x76)
#define VPCMPEQQ V(2, 1, 0x29)
#define VPCMPGTB V(1, 1, 0x64)
#define VPCMPGTW V(1, 1, 0x65)
#define VPCMPGTD V(1, 1, 0x66)
#define VPCMPGTQ V(2, 1, 0x37)
#define VPHADDW V(2, 1, 0x01)
#define VPHADDD V(2, 1, 0x02)
#define VPHMINPOSUW V(2, 1, 0x41)
#define VPTEST V(2, 1, 0x17)
#define VPMOVMSKB V(1, 1, 0xd7)

/* shifts; the immediate forms take a /n in the reg field and their destination in a: x_vi(e, op, n, d, m, count) */
#define VPSHIFTW_I V0(1, 1, 0x71) /* /2 SRL /4 SRA /6 SLL */
#define VPSHIFTD_I V0(1, 1, 0x72)
#define VPSHIFTQ_I V1(1, 1, 0x73) /* /2 SRLQ /3 SRLDQ /6 SLLQ /7 SLLDQ */
#define VSH_SRL 2
#define VSH_SRLDQ 3
#define VSH_SRA 4
#define VSH_SLL 6
#define VSH_SLLDQ 7
#define VPSLLW V0(1, 1, 0xf1)
#define VPSLLD V0(1, 1, 0xf2)
#define VPSLLQ V1(1, 1, 0xf3)
#define VPSRLW V0(1, 1, 0xd1)
#define VPSRLD V0(1, 1, 0xd2)
#define VPSRLQ V1(1, 1, 0xd3)
#define VPSRAW V0(1, 1, 0xe1)
#define VPSRAD V0(1, 1, 0xe2)
#define VPSRAQ_I (V1(1, 1, 0x72) | VOP_ONLY) /* /4 */
#define VPSLLVW (V1(2, 1, 0x12) | VOP_ONLY)
#define VPSRLVW (V1(2, 1, 0x10) | VOP_ONLY)
#define VPSRAVW (V1(2, 1, 0x11) | VOP_ONLY)
#define VPSRAVQ (V1(2, 1, 0x46) | VOP_ONLY)
#define VPSLLVD V0(2, 1, 0x47)
#define VPSLLVQ (V1(2, 1, 0x47) | VOP_W)
#define VPSRLVD V0(2, 1, 0x45)
#define VPSRLVQ (V1(2, 1, 0x45) | VOP_W)
#define VPSRAVD V0(2, 1, 0x46)

/* memory operand: base and index vector; a is a mask, all ones, which it clears */
#define VPGATHERDD V(2, 1, 0x90)
#define VPGATHERQQ (V(2, 1, 0x91) | VOP_W)

/* permutes */
#define VPSHUFB V0(2, 1, 0x00)
#define VPSHUFD V0(1, 1, 0x70)
#define VPSHUFLW V0(1, 3, 0x70)
#define VPSHUFHW V0(1, 2, 0x70)
#define VSHUFPS V0(1, 0, 0xc6)
#define VSHUFPD V1(1, 1, 0xc6)
#define VPALIGNR V0(3, 1, 0x0f)
#define VPUNPCKLBW V0(1, 1, 0x60)
#define VPUNPCKLWD V0(1, 1, 0x61)
#define VPUNPCKLDQ V0(1, 1, 0x62)
#define VPUNPCKLQDQ V1(1, 1, 0x6c)
#define VPUNPCKHBW V0(1, 1, 0x68)
#define VPUNPCKHWD V0(1, 1, 0x69)
#define VPUNPCKHDQ V0(1, 1, 0x6a)
#define VPUNPCKHQDQ V1(1, 1, 0x6d)
#define VPACKSSWB V0(1, 1, 0x63)
#define VPACKSSDW V0(1, 1, 0x6b)
#define VPACKUSWB V0(1, 1, 0x67)
#define VPACKUSDW V0(2, 1, 0x2b)
#define VPMOVSQD (V0(2, 2, 0x25) | VOP_ONLY) /* reg is the source, r/m the destination */
#define VPMOVUSQD (V0(2, 2, 0x15) | VOP_ONLY)
#define VPMOVWB (V0(2, 2, 0x30) | VOP_ONLY)
#define VPERMQ (V1(3, 1, 0x00) | VOP_W) /* 256 bits only */
#define VPMOVSXBW V0(2, 1, 0x20)
#define VPMOVSXWD V0(2, 1, 0x23)
#define VPMOVSXDQ V0(2, 1, 0x25)
#define VPMOVZXBW V0(2, 1, 0x30)
#define VPMOVZXWD V0(2, 1, 0x33)
#define VPMOVZXDQ V0(2, 1, 0x35)

/* cryptography */
#define VAESENC V0(2, 1, 0xdc)
#define VAESENCLAST V0(2, 1, 0xdd)
#define VAESDEC V0(2, 1, 0xde)
#define VAESDECLAST V0(2, 1, 0xdf)
#define VAESIMC V(2, 1, 0xdb)
#define VPCLMULQDQ V0(3, 1, 0x44)
#define VGF2P8AFFINEQB (V(3, 1, 0xce) | VOP_W | VOP_EVEX | VOP_EW)

/* The upper halves of YMM0 to YMM15 become zero. */
static inline void x_vzeroupper(struct emit *e)
{
    e8(e, 0xc5);
    e8(e, 0xf8);
    e8(e, 0x77);
}

#endif
