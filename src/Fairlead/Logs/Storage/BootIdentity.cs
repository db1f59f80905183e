using System.Runtime.InteropServices;
using Fairlead.Native;

namespace Fairlead.Logs.Storage;

/// <summary>The run of the kernel in which something was written. Locks and memory do not outlive it.</summary>
internal static class BootIdentity
{
    private static readonly Guid Id = Read();

    /// <summary>Of this run.</summary>
    public static Guid Current => Id;

    /// <summary>As records carry it.</summary>
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
                $"{Path} does not tell which run of the system this is ({ErrnoMap.Describe(error)})",
                "A log needs /proc.");
    }
}
