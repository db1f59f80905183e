using Fairlead.Native;
using Fairlead.Native.Files;

namespace Fairlead.Memory;

/// <summary>Keys of System V segments, semaphores and queues, which programs derive from a file that they all know.</summary>
public static class SystemVKey
{
    /// <summary>Returns the key that <c>ftok(3)</c> returns in a C program.</summary>
    /// <remarks>
    /// It has 8 bits of the project, 8 of the device and 16 of the file's inode: two files can have one key, and a file that is deleted and
    /// made anew has another one.
    /// </remarks>
    /// <param name="path">An existing file or directory, which stays where it is.</param>
    /// <param name="project">A number from 1 to 255, or a character, which distinguishes several objects of one file.</param>
    /// <exception cref="FairleadException">NotFound: there is no such file. PermissionDenied: a directory refuses the path.</exception>
    public static int Of(string path, int project)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentOutOfRangeException.ThrowIfLessThan(project, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(project, byte.MaxValue);
        FileStatus status = NativeFile.Stat(path, out Errno error)
            ?? throw ErrnoMap.Failure($"no key can be made of {PlainText.OneLine(path)}", error);
        return unchecked((int)((uint)(ushort)status.Inode | ((uint)(byte)status.Device << 16) | ((uint)project << 24)));
    }
}
