using System.IO.Pipes;
using Fairlead.Native;
using Fairlead.Native.Files;
using Fairlead.Registry;

namespace Fairlead.NamedHandles.Pipes;

/// <summary>
/// The folder of the user's runtime directory with the files of pipes. Each instance of a server has a number and up to two files:
/// <code>
///   STEM.NUMBER.pipe       locked by the process that has the instance, so the kernel says whether it lives
///   STEM.NUMBER.byte       the socket on which the instance waits for its next client; none while it has one
///   STEM.NUMBER.message
/// </code>
/// </summary>
internal static class PipeFolder
{
    /// <summary>The ending of the file that an instance has locked.</summary>
    public const string Marker = ".pipe";

    /// <summary>The ending of a socket that does not listen yet.</summary>
    public const string Unfinished = ".new";

    private const string Folder = "pipes";
    private const string ByteSocket = ".byte";
    private const string MessageSocket = ".message";

    // Instances of other names whose processes have died, and whose files one new instance removes at most.
    private const int SweptAtOnce = 32;

    /// <summary>Finds, makes and checks the folder.</summary>
    /// <exception cref="FairleadException">PermissionDenied: it is not safe to use. Unavailable: it cannot be made.</exception>
    public static string Prepare() => RuntimeDirectory.Current().PrepareFolder(Folder);

    /// <summary>Returns the ending of a socket.</summary>
    public static string SocketEnding(PipeTransmissionMode mode) => mode == PipeTransmissionMode.Message ? MessageSocket : ByteSocket;

    /// <summary>Returns whether a file of the folder is a socket on which an instance of a name waits for clients.</summary>
    public static bool IsSocket(string file, string stem) =>
        file.Length > stem.Length && file[stem.Length] == '.' && file.StartsWith(stem, StringComparison.Ordinal)
            && (file.EndsWith(ByteSocket, StringComparison.Ordinal) || file.EndsWith(MessageSocket, StringComparison.Ordinal));

    /// <summary>Returns the sockets on which instances of a name wait for clients.</summary>
    public static List<(string Path, PipeTransmissionMode Mode)> Sockets(string folder, string stem)
    {
        List<(string, PipeTransmissionMode)> sockets = [];
        try
        {
            foreach (string path in Directory.EnumerateFiles(folder, $"{stem}.*"))
            {
                if (path.EndsWith(ByteSocket, StringComparison.Ordinal))
                {
                    sockets.Add((path, PipeTransmissionMode.Byte));
                }
                else if (path.EndsWith(MessageSocket, StringComparison.Ordinal))
                {
                    sockets.Add((path, PipeTransmissionMode.Message));
                }
            }
        }
        catch (DirectoryNotFoundException)
        {
            // It has just been removed, and with it all sockets.
            sockets.Clear();
        }

        return sockets;
    }

    /// <summary>Returns the files that living instances of a name have locked.</summary>
    public static List<string> Living(string folder, string stem) =>
        [.. Directory.EnumerateFiles(folder, $"{stem}.*{Marker}").Where(static path => !IsDead(path))];

    /// <summary>Removes the files of dead instances: all of one name, and some of others. Inside the lock.</summary>
    public static void Sweep(string folder, string stem)
    {
        string own = $"{folder}/{stem}.";
        int others = 0;
        foreach (string path in Directory.EnumerateFiles(folder, $"*{Marker}"))
        {
            if ((path.StartsWith(own, StringComparison.Ordinal) || others++ < SweptAtOnce) && IsDead(path))
            {
                Remove(path[..^Marker.Length]);
            }
        }
    }

    /// <summary>Removes the files of an instance: the one that makes its number free comes last.</summary>
    /// <param name="instance">The path of its files without their endings.</param>
    public static void Remove(string instance)
    {
        foreach (string ending in (ReadOnlySpan<string>)[Unfinished, ByteSocket, MessageSocket, Marker])
        {
            _ = NativeFile.Unlink(instance + ending);
        }
    }

    // The owner has it locked exclusively; all others only ask, and share.
    private static bool IsDead(string marker)
    {
        using Descriptor? file = NativeFile.Open(marker, OpenFlags.ReadOnly | OpenFlags.NoFollow, out Errno error);
        return file is not null
            ? NativeFile.Flock(file, isShared: true, waits: false) == Errno.None
            : error is Errno.ENOENT;
    }
}
