using System.Runtime.InteropServices;
using Fairlead.Native;

namespace Fairlead.Logs.Storage;

/// <summary>The boot of the machine in which something was written. Locks and memory do not survive it.</summary>
internal static class BootIdentity
{
    private static readonly Guid Id = Read();

    /// <summary>The identity of the current boot.</summary>
    public static Guid Current => Id;

    /// <summary>Returns the short form that records carry.</summary>
    public static ulong Short(Guid boot) => MemoryMarshal.Read<ulong>(MemoryMarshal.AsBytes(new ReadOnlySpan<Guid>(in boot)));

    private static Guid Read()
    {
        const string Path = "/proc/sys/kernel/random/boot_id";
        Span<byte> text = stackalloc byte[36];
        using var file = NativeFile.Open(Path, OpenFlags.ReadOnly, out var error);
        return file is not null
            && file.Read(text).Count == text.Length
            && Guid.TryParse(System.Text.Encoding.ASCII.GetString(text), out var id)
            ? id
            : throw new FairleadException(
                ErrorCode.Unavailable,
                $"the boot ID cannot be read from {Path} ({ErrnoMap.Describe(error)})",
                "A log needs /proc.");
    }
}
