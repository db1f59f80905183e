using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using Fairlead.Native;
using Fairlead.Native.Files;
using Fairlead.Native.Processes;

namespace Fairlead.Registry;

/// <summary>
/// This process, as others see it: a small file under an open-file-description lock, which the kernel releases when the process ends in any
/// way. When its lock is free, so is everything the participant owned. A pid would not do: the kernel reuses pids, and they differ between
/// pid namespaces.
/// </summary>
/// <remarks>
/// Identifiers are random and never used twice: a missing file means that the participant is dead, permanently. The descriptor is closed on
/// exec: a child does not keep its parent's lock.
/// </remarks>
internal sealed class Participant : IDisposable
{
    /// <summary>The folder of the participants in the runtime directory.</summary>
    public const string Folder = "participants";

    private const int IdLength = 16;

    private static readonly RankedLock Gate = new(LockRank.Participant);

    // By runtime directory. Never removed: a participant lives as long as its process.
    private static readonly Dictionary<string, Participant> Living = new(StringComparer.Ordinal);

    private readonly Descriptor _file;
    private readonly FileIdentity _identity;

    private Participant(string id, string path, Descriptor file, FileIdentity identity)
    {
        Id = id;
        Path = path;
        _file = file;
        _identity = identity;
    }

    /// <summary>The identifier: 16 hexadecimal digits.</summary>
    public string Id { get; }

    /// <summary>The path of its file.</summary>
    public string Path { get; }

    /// <summary>
    /// Returns this process's participant in a directory. Created on first use, and again if its file was removed, because others then take
    /// it for dead.
    /// </summary>
    /// <exception cref="FairleadException">The directory cannot be used or written.</exception>
    public static Participant Current(RuntimeDirectory directory)
    {
        using (Gate.Hold())
        {
            if (Living.TryGetValue(directory.Path, out var living) && living.IsNamed)
            {
                return living;
            }

            // A participant without its name keeps its lock: other processes may still look up what was published under it.
            var participant = Create(directory);
            Living[directory.Path] = participant;

            // Once per process: otherwise the remains of dead processes pile up where no process asks for a list.
            // This process does not need it, and the next list tries again.
            Finishing.Do("the remains of dead processes", DeadParticipants.RemoveAll, directory);
            return participant;
        }
    }

    /// <summary>Creates a participant. Only tests call this directly; other code uses <see cref="Current"/>.</summary>
    internal static Participant Create(RuntimeDirectory directory)
    {
        var folder = directory.PrepareFolder(Folder);
        while (true)
        {
            var id = NewId();
            var path = $"{folder}/{id}";
            var file = NativeFile.Open(
                path,
                OpenFlags.ReadWrite | OpenFlags.Create | OpenFlags.Exclusive | OpenFlags.NoFollow,
                RuntimeDirectory.PrivateFile,
                out var error);
            if (file is null)
            {
                if (error == Errno.EEXIST)
                {
                    continue;
                }

                throw ErrnoMap.Failure($"the participant file {path} cannot be created", error);
            }

            // Between creating and locking, a process that removes dead participants may have taken this one for dead. It holds the lock
            // while it unlinks. So either the lock is refused here, or the name is gone once this process has the lock; then it creates
            // another file.
            var identity = NativeFile.Fstat(file) is { } status ? FileIdentity.Of(status) : FileIdentity.None;
            _ = NativeFile.Fchmod(file, RuntimeDirectory.PrivateFile);
            if (OpenFileLock.TryLockWhole(file) && identity != FileIdentity.None && FileIdentity.At(path) == identity)
            {
                // Only a description for people: on a full disk only that is missing.
                _ = file.Write(Encoding.UTF8.GetBytes(Describe()));
                return new Participant(id, path, file, identity);
            }

            file.Dispose();
        }
    }

    /// <summary>Whether its name still refers to its file.</summary>
    private bool IsNamed => FileIdentity.At(Path) == _identity;

    /// <summary>
    /// Releases the name and the lock. A process that ends leaves that to the kernel and to <see cref="DeadParticipants"/>.
    /// </summary>
    public void Dispose()
    {
        if (IsNamed)
        {
            _ = NativeFile.Unlink(Path);
        }

        OpenFileLock.Unlock(_file);
        _file.Dispose();
    }

    /// <summary>Returns whether a participant lives, by its lock and never by a clock or a pid.</summary>
    public static bool IsAlive(RuntimeDirectory directory, string id)
    {
        var file = NativeFile.Open($"{directory.Path}/{Folder}/{id}", OpenFlags.ReadOnly | OpenFlags.NoFollow, 0, out var error);
        if (file is null)
        {
            // A file that cannot be opened does not prove a death.
            return error is not (Errno.ENOENT or Errno.ENOTDIR);
        }

        using (file)
        {
            // Processes that remove dead participants hold a shared lock, which is not a sign of life.
            return OpenFileLock.IsLockedWhole(file);
        }
    }

    /// <summary>Returns whether a text is an identifier.</summary>
    public static bool IsId(ReadOnlySpan<char> text)
    {
        if (text.Length != IdLength)
        {
            return false;
        }

        foreach (var c in text)
        {
            if (!char.IsAsciiHexDigitLower(c))
            {
                return false;
            }
        }

        return true;
    }

    // The random part of a GUID comes from the kernel. The cryptography of the base library would load OpenSSL first, which takes longer
    // than everything else here.
    private static string NewId()
    {
        var guid = Guid.NewGuid();
        var halves = MemoryMarshal.Cast<Guid, ulong>(new ReadOnlySpan<Guid>(in guid));
        return (halves[0] ^ halves[1]).ToString("x16", CultureInfo.InvariantCulture);
    }

    private static string Describe() =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"fairlead participant 1\npid {NativeProcess.Id}\nstart {NativeProcess.StartTicks(NativeProcess.Id)}\n"
                + $"namespace {NativeProcess.Namespace}\nprogram "
                + $"{PlainText.OneLine(NativeProcess.CommandLine(NativeProcess.Id) ?? "")}\n");
}
