using System.Globalization;
using System.Text;
using Fairlead.Native;
using Fairlead.Native.Files;
using Fairlead.Registry;

namespace Fairlead.NamedHandles.Maps;

/// <summary>What the object of a named map says of its file.</summary>
/// <param name="Identity">The file itself, whatever its path means later.</param>
/// <param name="Marks">What the creator allows: see <see cref="MapProtection"/>.</param>
/// <param name="Path">The path of the file when it was mapped.</param>
internal sealed record FileMapRecord(FileIdentity Identity, uint Marks, string Path)
{
    // A path of the kernel has at most 4096 bytes.
    private const int Longest = 8192;
    private const string Version = "1";
    private const int Fields = 5;

    /// <summary>Writes the record into a new file.</summary>
    public Errno Write(Descriptor file)
    {
        string text = string.Create(CultureInfo.InvariantCulture, $"{Version}\n{Identity.Device}\n{Identity.Inode}\n{Marks}\n{Path}");
        return file.WriteAt(Encoding.UTF8.GetBytes(text), 0).Error;
    }

    /// <summary>Reads a record. Null if it is damaged.</summary>
    public static FileMapRecord? Read(Descriptor file)
    {
        byte[] buffer = new byte[Longest];
        IoResult read = file.ReadAt(buffer, 0);
        string[] fields = Encoding.UTF8.GetString(buffer, 0, read.Count).Split('\n', Fields);
        return fields is [Version, var device, var inode, var marks, var path]
            && ulong.TryParse(device, CultureInfo.InvariantCulture, out ulong deviceNumber)
            && ulong.TryParse(inode, CultureInfo.InvariantCulture, out ulong inodeNumber)
            && uint.TryParse(marks, CultureInfo.InvariantCulture, out uint bits)
            ? new(new(deviceNumber, inodeNumber), bits, path)
            : null;
    }

    /// <summary>Opens the file of the record. Null: its path means another file or none, or it cannot be opened.</summary>
    public Descriptor? OpenFile(OpenFlags flags, out Errno error)
    {
        Descriptor? file = NativeFile.Open(Path, flags, out error);
        if (file is not null && (NativeFile.Fstat(file) is not { } status || FileIdentity.Of(status) != Identity))
        {
            file.Dispose();
            file = null;
            error = Errno.ESTALE;
        }

        return file;
    }
}
