using System.Globalization;
using System.Runtime.InteropServices;
using Fairlead.Native;

namespace Fairlead.Memory.Backing;

/// <summary>
/// Regions in memory files without a name, which go with their last user. They keep the space unallocated: nothing limits them but memory,
/// so that a touch never fails.
/// </summary>
internal static class MemoryFileRegion
{
    public static RegionMemory Create(long size)
    {
        Descriptor file = MemoryFile.Create("fairlead region", RegionLayout.HeaderSize + size);
        Errno error = RegionHeader.Write(file, RegionContent.Bytes, size);
        if (error != Errno.None)
        {
            file.Dispose();
            throw ErrnoMap.Failure("cannot make a region", error);
        }

        return RegionMemory.Map(
            file,
            RegionLayout.HeaderSize,
            size,
            isNew: true,
            string.Create(CultureInfo.InvariantCulture, $"a region of {size} bytes in memory"),
            path: null);
    }

    /// <summary>By the path under which <c>/proc</c> shows a descriptor of another process.</summary>
    public static RegionMemory Attach(string path)
    {
        string who = $"the memory file {PlainText.OneLine(path)}";
        return Attach(
            NativeFile.Open(path, OpenFlags.ReadWrite, out Errno error) ?? throw ErrnoMap.Failure($"cannot open {who}", error), who);
    }

    /// <summary>By a descriptor that has been inherited or received; stays its owner's.</summary>
    public static RegionMemory Attach(SafeHandle descriptor)
    {
        bool entered = false;
        try
        {
            descriptor.DangerousAddRef(ref entered);
            int number = (int)descriptor.DangerousGetHandle();
            string who = string.Create(CultureInfo.InvariantCulture, $"the memory file at descriptor {number}");

            // Opened once more: an open file of its own, with locks of its own.
            return Attach(
                NativeFile.Open(
                    string.Create(CultureInfo.InvariantCulture, $"/proc/self/fd/{number}"),
                    OpenFlags.ReadWrite,
                    out Errno error) ?? throw ErrnoMap.Failure($"cannot open {who}", error),
                who);
        }
        finally
        {
            if (entered)
            {
                descriptor.DangerousRelease();
            }
        }
    }

    private static RegionMemory Attach(Descriptor file, string who)
    {
        long size;
        try
        {
            if (!MemoryFile.IsSafe(file, RegionLayout.HeaderSize))
            {
                throw new FairleadException(
                    ErrorCode.Incompatible,
                    $"{who} is no sealed memory file",
                    "Attach what SharedRegion.Create has made; other files are opened with OpenFile.");
            }

            size = RegionHeader.Read(file, RegionContent.Bytes, size: null, who);
        }
        catch
        {
            file.Dispose();
            throw;
        }

        return RegionMemory.Map(file, RegionLayout.HeaderSize, size, isNew: false, who, path: null);
    }
}
