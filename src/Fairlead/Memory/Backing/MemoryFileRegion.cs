using System.Globalization;
using System.Runtime.InteropServices;
using Fairlead.Native;
using Fairlead.Native.Files;
using Fairlead.Native.Memory;

namespace Fairlead.Memory.Backing;

/// <summary>
/// Regions in unnamed memory files, which disappear with their last user. Their space is not allocated up front: only memory limits them,
/// and a touch never fails.
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
            throw ErrnoMap.Failure("cannot create a region", error);
        }

        return RegionMemory.Map(
            file,
            RegionLayout.HeaderSize,
            size,
            isNew: true,
            string.Create(CultureInfo.InvariantCulture, $"a region of {size} bytes in memory"),
            path: null);
    }

    /// <summary>Attaches by the path under which <c>/proc</c> shows a descriptor of another process.</summary>
    public static RegionMemory Attach(string path)
    {
        string who = $"the memory file {PlainText.OneLine(path)}";
        return Attach(
            NativeFile.Open(path, OpenFlags.ReadWrite, out Errno error) ?? throw ErrnoMap.Failure($"cannot open {who}", error), who);
    }

    /// <summary>Attaches by an inherited or received descriptor; the caller keeps it.</summary>
    public static RegionMemory Attach(SafeHandle descriptor)
    {
        bool entered = false;
        try
        {
            descriptor.DangerousAddRef(ref entered);
            int number = (int)descriptor.DangerousGetHandle();
            string who = string.Create(CultureInfo.InvariantCulture, $"the memory file at descriptor {number}");

            // Reopen it: the result is a separate open file with separate locks.
            return Attach(
                NativeFile.Open(ProcFiles.Of(number), OpenFlags.ReadWrite, out Errno error)
                    ?? throw ErrnoMap.Failure($"cannot open {who}", error),
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
                    $"{who} is not a sealed memory file",
                    "Attach only the memory of SharedRegion.Create; open other files with OpenFile.");
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
