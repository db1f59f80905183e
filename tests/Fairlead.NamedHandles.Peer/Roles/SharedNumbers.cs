using System.IO.MemoryMappedFiles;

namespace Fairlead.NamedHandles.Peer.Roles;

/// <summary>Numbers in a file that several processes map.</summary>
public sealed unsafe class SharedNumbers : IDisposable
{
    private const int Size = 4096;

    private readonly MemoryMappedFile _file;
    private readonly MemoryMappedViewAccessor _view;
    private readonly long* _start;

    /// <summary>Maps the file, which is created if it does not exist.</summary>
    public SharedNumbers(string path)
    {
        _file = MemoryMappedFile.CreateFromFile(path, FileMode.OpenOrCreate, null, Size);
        _view = _file.CreateViewAccessor(0, Size);
        byte* start = null;
        _view.SafeMemoryMappedViewHandle.AcquirePointer(ref start);
        _start = (long*)start;
    }

    /// <summary>A number, by its index.</summary>
    public ref long this[int index] => ref _start[index];

    /// <summary>Reads a number that another process may change.</summary>
    public long Read(int index) => Volatile.Read(ref _start[index]);

    /// <inheritdoc/>
    public void Dispose()
    {
        _view.SafeMemoryMappedViewHandle.ReleasePointer();
        _view.Dispose();
        _file.Dispose();
    }
}
