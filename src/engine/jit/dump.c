/*
 * --jit-debug=dump=PC (hexadecimal): each region that holds the guest address
 * is printed in the log as A64 and as x86-64, by capstone.
 */
#include <capstone/capstone.h>

#include "base/log.h"
#include "engine/jit/jit.h"

static void disassemble(cs_arch arch, const uint8_t *bytes, size_t length, uint64_t address)
{
    csh handle;
    cs_insn *insn;
    if (cs_open(arch, arch == CS_ARCH_X86 ? CS_MODE_64 : CS_MODE_ARM, &handle) != CS_ERR_OK)
        return;
    cs_option(handle, CS_OPT_SKIPDATA, CS_OPT_ON);
    size_t count = cs_disasm(handle, bytes, length, address, 0, &insn);
    for (size_t i = 0; i < count; i++)
        log_line("  %lx  %s %s", insn[i].address, insn[i].mnemonic, insn[i].op_str);
    cs_free(insn, count);
    cs_close(&handle);
}

void jit_dump(const struct region *r)
{
    if (!jit.dump_pc || jit.dump_pc < r->pc || jit.dump_pc >= r->end)
        return;
    log_line("region %lx..%lx, %u instructions, mode %u:", r->pc, r->end, r->insns, r->mode);
    disassemble(CS_ARCH_ARM64, (const uint8_t *)r->pc, r->end - r->pc, r->pc);
    for (unsigned i = 0; i < r->entries; i++)
        log_line("  entry %lx at %lx", r->entry[i].key, (uint64_t)r->entry[i].code);
    disassemble(CS_ARCH_X86, r->code, (size_t)(r->code_end - r->code), (uint64_t)r->code);
}
