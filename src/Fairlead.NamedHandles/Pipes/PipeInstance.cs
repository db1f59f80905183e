using System.Buffers.Binary;
using System.Globalization;
using System.IO.Pipes;
using Fairlead.Native;
using Fairlead.Native.Files;
using Fairlead.Registry;

namespace Fairlead.NamedHandles.Pipes;

/// <summary>
/// One instance of a server of a name: a number that no other living instance has. It lives as long as its file is open, hence at most as
/// long as its process.
/// </summary>
internal sealed class PipeInstance : IDisposable
{
    private const int NotedLength = 8;

    private readonly Descriptor _marker;
    private bool _isDisposed;

    private PipeInstance(string path, Descriptor marker)
    {
        Path = path;
        _marker = marker;
    }

    /// <summary>The path of its files without their endings.</summary>
    public string Path { get; }

    /// <summary>Takes the lowest free number of a name.</summary>
    /// <exception cref="IOException">The name has all instances that its first one allows.</exception>
    /// <exception cref="UnauthorizedAccessException">
    /// The instances of the name have another direction or mode, or there is one and the new one should be the first.
    /// </exception>
    /// <exception cref="FairleadException">The folder cannot be used.</exception>
    public static PipeInstance Create(PipeName name, PipeTerms terms)
    {
        string folder = PipeFolder.Prepare();
        using DirectoryLock locked = DirectoryLock.Take(folder);
        PipeFolder.Sweep(folder, name.Stem);
        HashSet<string> living = [.. PipeFolder.Living(folder, name.Stem)];
        int most = terms.MostInstances;
        if (living.Count > 0)
        {
            most = CheckTerms(name, terms, living.First());
        }

        if (most != NamedPipeServerStream.MaxAllowedServerInstances && living.Count >= most)
        {
            throw PipeErrors.AllBusy(name, most);
        }

        int number = 0;
        string path;
        do
        {
            path = string.Create(CultureInfo.InvariantCulture, $"{folder}/{name.Stem}.{number++}");
        }
        while (living.Contains(path + PipeFolder.Marker));

        return new(path, Make(path + PipeFolder.Marker, terms, most));
    }

    /// <summary>Returns how many instances of a name live.</summary>
    public static int Count(PipeName name) => PipeFolder.Living(PipeFolder.Prepare(), name.Stem).Count;

    /// <summary>Gives the number back.</summary>
    public void Dispose()
    {
        if (!_isDisposed)
        {
            _isDisposed = true;

            // While the lock says that the number is in use.
            PipeFolder.Remove(Path);
            _marker.Dispose();
        }
    }

    private static Descriptor Make(string path, PipeTerms terms, int most)
    {
        Descriptor marker = NativeFile.Open(
                path,
                OpenFlags.ReadWrite | OpenFlags.Create | OpenFlags.Exclusive | OpenFlags.NoFollow,
                RuntimeDirectory.PrivateFile,
                out Errno error)
            ?? throw ErrnoMap.Failure($"cannot make {path}", error);
        try
        {
            // Only those that ask whether it lives can have it at this moment: they have it for microseconds.
            while ((error = NativeFile.Flock(marker, isShared: false, waits: true)) == Errno.EINTR)
            {
            }

            Span<byte> noted = stackalloc byte[NotedLength];
            BinaryPrimitives.WriteInt32LittleEndian(noted, most);
            noted[4] = (byte)terms.Direction;
            noted[5] = (byte)terms.Mode;
            IoResult written = error == Errno.None ? marker.WriteAt(noted, 0) : IoResult.Failed(error);
            return written.Ok ? marker : throw ErrnoMap.Failure($"cannot write {path}", written.Error);
        }
        catch
        {
            _ = NativeFile.Unlink(path);
            marker.Dispose();
            throw;
        }
    }

    /// <summary>Compares what was asked for with what another instance has. Returns the number of instances that that one allows.</summary>
    private static int CheckTerms(PipeName name, PipeTerms terms, string other)
    {
        if (terms.FirstOnly)
        {
            throw new UnauthorizedAccessException(
                $"Access is denied: {name} has an instance already, and PipeOptions.FirstPipeInstance asks for the first one.");
        }

        Span<byte> noted = stackalloc byte[NotedLength];
        using Descriptor? marker = NativeFile.Open(other, OpenFlags.ReadOnly | OpenFlags.NoFollow, out Errno error);
        if (marker is null)
        {
            throw ErrnoMap.Failure($"cannot open {other}", error);
        }

        if (marker.ReadAt(noted, 0).Count != NotedLength)
        {
            throw new IOException($"{other} is damaged: end the process that has it open ({nameof(NamedPipeServerStream)}).");
        }

        PipeDirection direction = (PipeDirection)noted[4];
        PipeTransmissionMode mode = (PipeTransmissionMode)noted[5];
        return direction == terms.Direction && mode == terms.Mode
            ? BinaryPrimitives.ReadInt32LittleEndian(noted)
            : throw new UnauthorizedAccessException(
                $"Access is denied: the instances of {name} have the direction {direction} and the mode {mode}, "
                    + $"and this one was to have {terms.Direction} and {terms.Mode}.");
    }
}
