using System.Text;

namespace Fairlead.Native.Files;

/// <summary>Notifications of the kernel about the files of directories (inotify).</summary>
internal static unsafe class DirectoryChanges
{
    private const uint Names = Libc.IN_CREATE | Libc.IN_DELETE | Libc.IN_MOVED_FROM | Libc.IN_MOVED_TO;
    private const uint Always = Libc.IN_DELETE_SELF | Libc.IN_MOVE_SELF | Libc.IN_ONLYDIR | Libc.IN_MASK_ADD;

    /// <summary>The number that stands for all directories: the kernel has dropped notifications.</summary>
    public const int AllDirectories = -1;

    /// <summary>Creates a queue of notifications, readable while one waits. Null if the user has as many as the kernel allows.</summary>
    public static Descriptor? Create(out Errno error)
    {
        int number = Libc.ChangesCreate(Libc.IN_NONBLOCK | Libc.IN_CLOEXEC);
        error = number >= 0 ? Errno.None : Libc.LastError;
        return number >= 0 ? new Descriptor(number) : null;
    }

    /// <summary>Watches a directory. Returns its number, the same one for the same directory; null with the error.</summary>
    /// <param name="queue">The queue.</param>
    /// <param name="directory">The path of the directory.</param>
    /// <param name="closes">
    /// True: reports files that were open for writing and have been closed, and whose last mapping has ended. False: reports names that
    /// appear and disappear.
    /// </param>
    /// <param name="error">Why the directory cannot be watched.</param>
    public static int? Add(Descriptor queue, string directory, bool closes, out Errno error)
    {
        error = Errno.EBADF;
        if (directory.Contains('\0') || !queue.TryEnter())
        {
            return null;
        }

        int watch = Libc.ChangesAdd(queue.Number, directory, Always | (closes ? Libc.IN_CLOSE_WRITE : Names));
        error = watch >= 0 ? Errno.None : Libc.LastError;
        queue.Exit();
        return watch >= 0 ? watch : null;
    }

    /// <summary>Undoes <see cref="Add"/>. No effect if the directory has been deleted.</summary>
    public static void Remove(Descriptor queue, int watch)
    {
        if (queue.TryEnter())
        {
            _ = Libc.ChangesRemove(queue.Number, watch);
            queue.Exit();
        }
    }

    /// <summary>Takes the notifications that wait. Does not block.</summary>
    /// <param name="queue">The queue.</param>
    /// <param name="changed">Called with the number of the directory and the name in it, which is empty for the directory itself.</param>
    public static void Take(Descriptor queue, Action<int, string> changed)
    {
        byte* buffer = stackalloc byte[4096];
        while (queue.Read(new Span<byte>(buffer, 4096)) is { Count: > 0 } read)
        {
            ReadOnlySpan<byte> rest = new(buffer, read.Count);
            while (rest.Length >= Libc.ChangeHeader)
            {
                int watch = BitConverter.ToInt32(rest);
                int length = BitConverter.ToInt32(rest[12..]);
                ReadOnlySpan<byte> name = rest.Slice(Libc.ChangeHeader, length);
                int end = name.IndexOf((byte)0);
                changed(watch, Encoding.UTF8.GetString(end < 0 ? name : name[..end]));
                rest = rest[(Libc.ChangeHeader + length)..];
            }
        }
    }
}
