using System.Globalization;
using Fairlead.Native;
using Fairlead.Native.Files;
using Fairlead.Native.Processes;
using Fairlead.Registry;

namespace Fairlead.Transports.Fifo;

/// <summary>A FIFO in the file system, and the right to it.</summary>
/// <remarks>
/// A FIFO that a dead process left contains nothing once it is closed everywhere. It is taken over and not replaced: a writer that already
/// waits there is then served. Other files, and those of other users, are left alone.
/// <para>
/// Others know the holder by the registry. Until its entry is there, the holder keeps the lock of the directory (<see cref="OnListed"/>):
/// of programs that start at the same time, one binds the FIFO, and the others find it held.
/// </para>
/// </remarks>
internal sealed class FifoFile : IDisposable
{
    /// <summary>The sticky bit, which has no meaning on a FIFO: it marks one created by Fairlead, even by a process that is dead.</summary>
    private const uint MadeHere = 0b001_000_000_000;

    private const uint OthersRights = 0b000_111_111;

    private readonly string _path;
    private readonly bool _isMade;
    private int _isRemoved;

    // Until the holder is listed. The second file of a pair in one directory relies on the first one's.
    private readonly FifoFile? _first;
    private DirectoryLock? _claim;

    private FifoFile(string path, Descriptor place, FileStatus status, bool isMade, DirectoryLock? claim = null, FifoFile? first = null)
    {
        _path = path;
        _isMade = isMade;
        _claim = claim;
        _first = first;
        Place = place;
        Identity = FileIdentity.Of(status);
        IsOwnUsers = status.Uid == NativeProcess.UserId && (status.Mode & OthersRights) == 0;
    }

    /// <summary>The file, opened for neither reading nor writing. Unlike the path, it always means the same file.</summary>
    /// <remarks>Closed by <see cref="Dispose"/>.</remarks>
    public Descriptor Place { get; }

    public FileIdentity Identity { get; }

    /// <summary>The file by which the registry knows its holder; none for a file that existed before and stays.</summary>
    public FileIdentity MadeFile => _isMade ? Identity : FileIdentity.None;

    /// <summary>Whether only processes of this user can open it.</summary>
    public bool IsOwnUsers { get; }

    /// <summary>The peer: the kernel does not report it, but the file's mode may determine its user.</summary>
    public Peer Peer => IsOwnUsers ? new Peer { UserId = NativeProcess.UserId } : new Peer();

    /// <summary>Returns the path of an address's FIFO; for a pair, of the one with this name.</summary>
    public static string PathOf(Address address, string name) =>
        address.IsPath ? name : RuntimeDirectory.Current().SocketPath(address.Scheme, name);

    /// <summary>Creates the FIFO, or takes over one without a holder. <see cref="Dispose"/> releases it.</summary>
    /// <param name="address">The address, for errors.</param>
    /// <param name="name">The name in the runtime directory, or the path.</param>
    /// <param name="first">The first file of a pair, if this is the second. It is disposed after this.</param>
    /// <exception cref="FairleadException">
    /// AlreadyExists: it has a holder, or is not a FIFO; nothing was changed. PermissionDenied: it belongs to another user. NotFound: the
    /// directory does not exist. Unavailable.
    /// </exception>
    public static FifoFile Make(Address address, string name, FifoFile? first = null)
    {
        uint mode = PlaceMode.Of(address);
        string path = PathOf(address, name);
        string parent = ParentOf(path);
        if (first is not null && ParentOf(first._path) == parent)
        {
            return Make(path, mode, address, claim: null, first);
        }

        DirectoryLock claim =
            DirectoryLock.TryTake(parent, DirectoryLock.Patience, out Errno error) ?? throw TakenPlace.NoDirectory(parent, error, address);
        try
        {
            FifoFile made = Make(path, mode, address, claim, first: null);
            if (first is not null)
            {
                // Two pairs with one first file exclude each other by that. Two locks at once could wait for each other.
                made.OnListed();
            }

            return made;
        }
        catch
        {
            claim.Dispose();
            throw;
        }
    }

    private static FifoFile Make(string path, uint mode, Address address, DirectoryLock? claim, FifoFile? first)
    {
        bool isMade;
        if (NativeFile.Lstat(path) is { } found)
        {
            isMade = (found.Mode & MadeHere) != 0;
            RequireFree(found, path, address);
        }
        else
        {
            isMade = true;
            Errno error = NativeFile.MakeFifo(path, mode | MadeHere);
            if (error != Errno.None)
            {
                throw ErrnoMap.Failure("the FIFO cannot be created", error).At(address);
            }
        }

        Descriptor place = OpenPlace(path, address, out FileStatus status);
        if (isMade && status.Mode != (mode | MadeHere))
        {
            // The umask may have removed permission bits, or a dead process may have used others.
            _ = NativeFile.Chmod(path, mode | MadeHere);
            status = StatusOf(place, address);
        }

        return new FifoFile(path, place, status, isMade, claim, first);
    }

    /// <summary>Opens an existing FIFO to connect to. <see cref="Dispose"/> releases it without removing the file.</summary>
    /// <exception cref="FairleadException">NotFound: the file does not exist. Incompatible: it is not a FIFO.</exception>
    public static FifoFile Find(Address address, string name)
    {
        string path = PathOf(address, name);
        Descriptor place = OpenPlace(path, address, out FileStatus status);
        return new FifoFile(path, place, status, isMade: false);
    }

    /// <summary>Lets others look for its holder: the registry has it.</summary>
    public void OnListed() => Interlocked.Exchange(ref _claim, null)?.Dispose();

    /// <summary>Leaves the file to another holder: <see cref="Remove"/> has no effect any more.</summary>
    public void Leave() => Interlocked.Exchange(ref _isRemoved, 1);

    /// <summary>Leaves the file to its reader, which the registry does not know.</summary>
    /// <returns>The error to throw.</returns>
    public FairleadException HeldByReader(Address address)
    {
        Leave();
        return TakenPlace.Held(null, $"fuser -v {_path}", address);
    }

    /// <summary>Opens it for reading, without waiting. Returns null if there is another reader, which holds the reader lock.</summary>
    /// <remarks>Closing it releases the lock.</remarks>
    public Descriptor? TryOpenToReadAlone(Address address)
    {
        Descriptor reader = OpenToRead(address);
        if (NativeFile.TryFlock(reader, out Errno error))
        {
            return reader;
        }

        reader.Dispose();
        return error == Errno.None ? null : throw Cannot("lock it", error, address);
    }

    /// <summary>Opens it once more for reading, for the only reader.</summary>
    public Descriptor OpenToRead(Address address) =>
        NativeFile.Reopen(Place, OpenFlags.ReadOnly, out Errno error) ?? throw Cannot("read it", error, address);

    /// <summary>Discards its content, if this user may read it.</summary>
    public void Empty()
    {
        using Descriptor? reader = NativeFile.Reopen(Place, OpenFlags.ReadOnly, out _);
        if (reader is not null)
        {
            PipeConnection.Discard(reader);
        }
    }

    /// <summary>Opens it for writing, without waiting. Returns null without a reader.</summary>
    public Descriptor? TryOpenToWrite(Address address)
    {
        Descriptor? writer = NativeFile.Reopen(Place, OpenFlags.WriteOnly, out Errno error);
        return writer is not null || error == Errno.ENXIO ? writer : throw Cannot("write to it", error, address);
    }

    /// <summary>Removes the file, once, if it was created here and the path still means the same file.</summary>
    public void Remove()
    {
        if (!_isMade || Interlocked.Exchange(ref _isRemoved, 1) != 0)
        {
            return;
        }

        // Without the lock the file stays, and the next process takes it over.
        bool isClaimed = (_first ?? this)._claim is not null;
        using DirectoryLock? locked = isClaimed ? null : DirectoryLock.TryTake(ParentOf(_path), TimeSpan.FromSeconds(1), out _);
        if ((isClaimed || locked is not null) && FileIdentity.At(_path) == Identity)
        {
            _ = NativeFile.Unlink(_path);
        }
    }

    public void Dispose()
    {
        Remove();
        OnListed();
        Place.Dispose();
    }

    private static string ParentOf(string path) => path[..Math.Max(1, path.LastIndexOf('/'))];

    private static void RequireFree(FileStatus found, string path, Address address)
    {
        if (found.Kind != FileKind.Fifo)
        {
            string where = address.IsPath ? "" : $" ({path})";
            throw new FairleadException(
                ErrorCode.AlreadyExists,
                $"is {TakenPlace.KindName(found.Kind)}{where}, not a FIFO",
                "Fairlead only replaces files that it created: choose another name, or remove this file.").At(address);
        }

        if (found.Uid != NativeProcess.UserId)
        {
            throw new FairleadException(
                ErrorCode.PermissionDenied,
                string.Create(CultureInfo.InvariantCulture, $"is a FIFO of uid {found.Uid}"),
                "Connect to it instead of binding, or choose another name.").At(address);
        }

        if (FifoHolders.Find(FileIdentity.Of(found), address) is { } holder)
        {
            throw TakenPlace.Held(holder, $"fuser -v {path}", address);
        }
    }

    private static Descriptor OpenPlace(string path, Address address, out FileStatus status)
    {
        Descriptor? place = NativeFile.Open(path, OpenFlags.Path, out Errno error);
        if (place is null)
        {
            throw error is Errno.ENOENT or Errno.ENOTDIR
                ? new FairleadException(
                    ErrorCode.NotFound,
                    $"no endpoint listens there: the FIFO does not exist{RuntimeDirectory.Searched(address)}",
                    "Start the program that binds it, or list live endpoints with fairlead list.")
                {
                    Address = address,
                    Errno = (int)error,
                }
                : ErrnoMap.Failure("cannot be inspected", error).At(address);
        }

        status = StatusOf(place, address);
        if (status.Kind == FileKind.Fifo)
        {
            return place;
        }

        place.Dispose();
        throw new FairleadException(ErrorCode.Incompatible, $"is {TakenPlace.KindName(status.Kind)}, not a FIFO", "Choose another name.")
        {
            Address = address,
        };
    }

    /// <summary>Returns the status, or closes the file and throws.</summary>
    private static FileStatus StatusOf(Descriptor place, Address address)
    {
        if (NativeFile.Fstat(place, out Errno error) is { } status)
        {
            return status;
        }

        place.Dispose();
        throw ErrnoMap.Failure("cannot be inspected", error).At(address);
    }

    private static FairleadException Cannot(string what, Errno error, Address address) =>
        error == Errno.EACCES
            ? new FairleadException(
                ErrorCode.PermissionDenied, $"this user may not {what}", "Bind it with ?scope=group or ?scope=machine to allow more users.")
            {
                Address = address,
                Errno = (int)error,
            }
            : ErrnoMap.Failure($"cannot {what}", error).At(address);
}
