using System.Globalization;
using Fairlead.Native;
using Fairlead.Registry;

namespace Fairlead.Transports.Fifo;

/// <summary>
/// A FIFO among the files, and the right to it. One that a dead process left is as good as new, since a FIFO keeps nothing once nobody has
/// it open: it is taken over, not replaced, so that a writer that already waits there is served. What is no FIFO, or another user's, is
/// left alone.
/// </summary>
internal sealed class FifoFile : IDisposable
{
    /// <summary>The sticky bit, which means nothing on a FIFO: it says that Fairlead has made it, also when whoever did is dead.</summary>
    private const uint MadeHere = 0b001_000_000_000;

    private const uint OthersRights = 0b000_111_111;

    private readonly string _path;
    private readonly bool _isMade;
    private int _isRemoved;

    private FifoFile(string path, Descriptor place, FileStatus status, bool isMade)
    {
        _path = path;
        _isMade = isMade;
        Place = place;
        Identity = FileIdentity.Of(status);
        IsOwnUsers = status.Uid == NativeProcess.UserId && (status.Mode & OthersRights) == 0;
    }

    /// <summary>
    /// The file, neither to read nor to write: what the name means may change, this does not. Closed by <see cref="Dispose"/>.
    /// </summary>
    public Descriptor Place { get; }

    public FileIdentity Identity { get; }

    /// <summary>The file by which the registry knows its holder; none where it was there before, and stays.</summary>
    public FileIdentity MadeFile => _isMade ? Identity : FileIdentity.None;

    /// <summary>Whether nobody but processes of this user can have it open.</summary>
    public bool IsOwnUsers { get; }

    /// <summary>Who is at the other end: the kernel does not tell, but the file says which user it must be.</summary>
    public Peer Peer => IsOwnUsers ? new Peer { UserId = NativeProcess.UserId } : new Peer();

    /// <summary>Where an address has its FIFO; of a pair, the one of this name.</summary>
    public static string PathOf(Address address, string name) =>
        address.IsPath ? name : RuntimeDirectory.Current().SocketPath(address.Scheme, name);

    /// <summary>Makes the FIFO, or takes over what nobody holds. The release is <see cref="Dispose"/>.</summary>
    /// <param name="address">What the user calls it.</param>
    /// <param name="name">The name in the runtime directory, or the path.</param>
    /// <exception cref="FairleadException">
    /// AlreadyExists: somebody holds it, or it is no FIFO; nothing was touched. PermissionDenied: it is another user's. NotFound: there is
    /// no such directory. Unavailable.
    /// </exception>
    public static FifoFile Make(Address address, string name)
    {
        uint mode = PlaceMode.Of(address);
        string path = PathOf(address, name);
        string parent = path[..Math.Max(1, path.LastIndexOf('/'))];

        // Held while it is looked at and made: of two that start at once one makes it and the other finds it held.
        using DirectoryLock locked =
            DirectoryLock.TryTake(parent, DirectoryLock.Patience, out Errno error) ?? throw TakenPlace.NoDirectory(parent, error, address);
        bool isMade = !address.IsPath;
        if (NativeFile.Lstat(path) is { } found)
        {
            isMade |= (found.Mode & MadeHere) != 0;
            RequireFree(found, path, address);
        }
        else
        {
            isMade = true;
            error = NativeFile.MakeFifo(path, mode);
            if (error != Errno.None)
            {
                throw ErrnoMap.Failure("the FIFO cannot be made", error).At(address);
            }
        }

        Descriptor place = OpenPlace(path, address, out FileStatus status);
        if (isMade && status.Mode != (mode | MadeHere))
        {
            // The umask may have taken away what was asked for, or a dead one have asked for something else.
            _ = NativeFile.Chmod(path, mode | MadeHere);
            status = NativeFile.Fstat(place)!;
        }

        return new FifoFile(path, place, status, isMade);
    }

    /// <summary>What stands there, to connect to. The release is <see cref="Dispose"/>, which removes nothing.</summary>
    /// <exception cref="FairleadException">NotFound: nothing is there. Incompatible: it is no FIFO.</exception>
    public static FifoFile Find(Address address, string name)
    {
        string path = PathOf(address, name);
        Descriptor place = OpenPlace(path, address, out FileStatus status);
        return new FifoFile(path, place, status, isMade: false);
    }

    /// <summary>
    /// Opens it for reading, without waiting; null when somebody reads there already, who is found by the lock that each reader holds.
    /// Released by closing it.
    /// </summary>
    public Descriptor? TryOpenToReadAlone(Address address)
    {
        Descriptor reader = OpenToRead(address);
        if (NativeFile.TryFlock(reader))
        {
            return reader;
        }

        reader.Dispose();
        return null;
    }

    /// <summary>Opens it once more for reading, by whoever reads there alone.</summary>
    public Descriptor OpenToRead(Address address) =>
        NativeFile.Reopen(Place, OpenFlags.ReadOnly, out Errno error) ?? throw Cannot("read it", error, address);

    /// <summary>Reads away what lies there, if this user may.</summary>
    public void Empty()
    {
        using Descriptor? reader = NativeFile.Reopen(Place, OpenFlags.ReadOnly, out _);
        if (reader is not null)
        {
            PipeConnection.Discard(reader);
        }
    }

    /// <summary>Opens it for writing, without waiting; null when nobody reads there.</summary>
    public Descriptor? TryOpenToWrite(Address address)
    {
        Descriptor? writer = NativeFile.Reopen(Place, OpenFlags.WriteOnly, out Errno error);
        return writer is not null || error == Errno.ENXIO ? writer : throw Cannot("write to it", error, address);
    }

    /// <summary>Removes the file, if it was made here and the path still means it. Once.</summary>
    public void Remove()
    {
        if (!_isMade || Interlocked.Exchange(ref _isRemoved, 1) != 0)
        {
            return;
        }

        // Where the lock is not to be had the file stays, and the next one takes it over.
        using DirectoryLock? locked = DirectoryLock.TryTake(_path[..Math.Max(1, _path.LastIndexOf('/'))], TimeSpan.FromSeconds(1), out _);
        if (locked is not null && FileIdentity.At(_path) == Identity)
        {
            _ = NativeFile.Unlink(_path);
        }
    }

    public void Dispose()
    {
        Remove();
        Place.Dispose();
    }

    private static void RequireFree(FileStatus found, string path, Address address)
    {
        if (found.Kind != FileKind.Fifo)
        {
            string where = address.IsPath ? "" : $" ({path})";
            throw new FairleadException(
                ErrorCode.AlreadyExists,
                $"is {TakenPlace.KindName(found.Kind)}{where}, not a FIFO",
                "Fairlead never replaces what it did not make: choose another name, or remove it yourself.").At(address);
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
                    $"nobody listens there: there is no such FIFO{RuntimeDirectory.Searched(address)}",
                    "Start whoever binds it, or see what lives: fairlead list.")
                {
                    Address = address,
                    Errno = (int)error,
                }
                : ErrnoMap.Failure("cannot be looked at", error).At(address);
        }

        status = NativeFile.Fstat(place)!;
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

    private static FairleadException Cannot(string what, Errno error, Address address) =>
        error == Errno.EACCES
            ? new FairleadException(
                ErrorCode.PermissionDenied, $"this user may not {what}", "Whoever binds it can widen it: ?scope=group or ?scope=machine.")
            {
                Address = address,
                Errno = (int)error,
            }
            : ErrnoMap.Failure($"cannot {what}", error).At(address);
}
