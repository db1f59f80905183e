using System.Runtime.InteropServices;
using Fairlead.Native;
using Fairlead.Native.Files;

namespace Fairlead.Processes;

/// <summary>
/// A pipe whose ends go to children, as in <c>producer | consumer</c>, or to the threads of this process (<see cref="OpenReader"/>,
/// <see cref="OpenWriter"/>). Dispose it when the children are started: only then does the reader see the end of the data when the last
/// writer closes its end.
/// </summary>
public sealed class AnonymousPipe : IDisposable
{
    private readonly Descriptor _reader;
    private readonly Descriptor _writer;

    private AnonymousPipe((Descriptor Reader, Descriptor Writer) ends) => (_reader, _writer) = ends;

    /// <summary>The read end; the pipe owns it.</summary>
    public SafeHandle Reader => _reader;

    /// <summary>The write end; the pipe owns it.</summary>
    public SafeHandle Writer => _writer;

    /// <summary>Creates a pipe. A child inherits an end only if it is given to it.</summary>
    /// <exception cref="FairleadException">Unavailable: the process has too many files open.</exception>
    public static AnonymousPipe Create() => new(NativePipe.Create());

    /// <summary>
    /// Opens the read end as a stream of this process. It waits without a thread, and ends when the last writer has closed its end.
    /// Disposing it closes the read end. Call it once, and do not give this end to a child.
    /// </summary>
    /// <exception cref="ObjectDisposedException">The end is closed.</exception>
    public Stream OpenReader() => Open(_reader, canWrite: false);

    /// <summary>Opens the write end as a stream of this process. Disposing it closes the write end: the reader then sees the end.</summary>
    /// <inheritdoc cref="OpenReader"/>
    public Stream OpenWriter() => Open(_writer, canWrite: true);

    /// <summary>Closes both ends in this process.</summary>
    public void Dispose()
    {
        _reader.Dispose();
        _writer.Dispose();
    }

    private static DescriptorStream Open(Descriptor end, bool canWrite)
    {
        ObjectDisposedException.ThrowIf(end.IsClosed, typeof(AnonymousPipe));

        // An asynchronous call must not block its thread.
        Errno error = NativePipe.SetNonBlocking(end);
        return error == Errno.None
            ? new DescriptorStream(end, canWrite)
            : throw ErrnoMap.Failure("an end of a pipe cannot be opened as a stream", error);
    }
}
