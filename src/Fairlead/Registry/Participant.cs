using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using Fairlead.Native;

namespace Fairlead.Registry;

/// <summary>
/// This process, as others see it: a small file under an open-file-description lock, which the kernel releases when the process ends,
/// however it ends. What a participant owned is free when its lock is. A pid would not do: pids are given out again, and differ between pid
/// namespaces.
/// </summary>
/// <remarks>
/// Identifiers are random and never used twice, so a missing file means a dead participant, for ever.
/// The descriptor is closed on exec, so a child does not inherit the life of its parent.
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

    /// <summary>Sixteen hexadecimal digits.</summary>
    public string Id { get; }

    /// <summary>The path of its file.</summary>
    public string Path { get; }

    /// <summary>
    /// This process in that directory; made on first use, and again when somebody removed its file, since others take it for dead then.
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

            // One that lost its name keeps its lock: what was published under it may still be looked at.
            var participant = Create(directory);
            Living[directory.Path] = participant;

            // Once in a process, so that what the dead leave does not pile up where nobody asks for a list.
            DeadParticipants.RemoveAll(directory);
            return participant;
        }
    }

    /// <summary>Makes a participant. Apart from tests, <see cref="Current"/> is what is wanted.</summary>
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

                throw ErrnoMap.Failure($"the participant file {path} cannot be made", error);
            }

            // Between making and locking, somebody who clears away the dead may have taken this one for dead. It holds the lock while it
            // unlinks, so either the lock is refused here, or the name is gone once the lock is ours; then the file is nobody's, and
            // another is made.
            var identity = NativeFile.Fstat(file) is { } status ? FileIdentity.Of(status) : FileIdentity.None;
            _ = NativeFile.Fchmod(file, RuntimeDirectory.PrivateFile);
            if (OpenFileLock.TryLockWhole(file) && identity != FileIdentity.None && FileIdentity.At(path) == identity)
            {
                // Only a description for people: a full disk takes nothing but that away.
                _ = file.Write(Encoding.UTF8.GetBytes(Describe()));
                return new Participant(id, path, file, identity);
            }

            file.Dispose();
        }
    }

    /// <summary>Whether its file still has its name.</summary>
    private bool IsNamed => FileIdentity.At(Path) == _identity;

    /// <summary>
    /// Gives the name and the lock back. A process that ends leaves that to the kernel and to <see cref="DeadParticipants"/>.
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

    /// <summary>Whether a participant lives, by its lock: never by a clock or a pid.</summary>
    public static bool IsAlive(RuntimeDirectory directory, string id)
    {
        var file = NativeFile.Open($"{directory.Path}/{Folder}/{id}", OpenFlags.ReadOnly | OpenFlags.NoFollow, 0, out var error);
        if (file is null)
        {
            // What cannot be looked at is not declared dead.
            return error is not (Errno.ENOENT or Errno.ENOTDIR);
        }

        using (file)
        {
            // Those who clear away the dead hold a shared lock, which is no sign of life.
            return OpenFileLock.IsLockedWhole(file);
        }
    }

    /// <summary>Whether a text is an identifier.</summary>
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
    // than all else here.
    private static string NewId()
    {
        var guid = Guid.NewGuid();
        var halves = MemoryMarshal.Cast<Guid, ulong>(new ReadOnlySpan<Guid>(in guid));
        return (halves[0] ^ halves[1]).ToString("x16", CultureInfo.InvariantCulture);
    }

    private static string Describe() =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"fairlead participant 1\npid {NativeProcess.Id}\nstart {NativeProcess.StartTicks(NativeProcess.Id)}\nprogram "
                + $"{PlainText.OneLine(NativeProcess.CommandLine(NativeProcess.Id) ?? "")}\n");
}
