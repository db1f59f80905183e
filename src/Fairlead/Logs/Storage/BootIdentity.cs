using System.Runtime.InteropServices;
using Fairlead.Native;
using Fairlead.Native.Files;

namespace Fairlead.Logs.Storage;

/// <summary>The boot of the machine in which something was written. Locks and memory do not survive it.</summary>
internal static class BootIdentity
{
    // A failure is not kept: each caller gets an error that says what is missing.
    private static readonly Lazy<Guid> Id = new(Read, LazyThreadSafetyMode.PublicationOnly);

    /// <summary>The identity of the current boot.</summary>
    /// <exception cref="FairleadException">Unavailable: the system does not show it.</exception>
    public static Guid Current => Id.Value;

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
                "A log needs /proc: mount -t proc proc /proc");
    }
}
