using System.Runtime.InteropServices;
using Fairlead.Native;

namespace Fairlead.Processes;

/// <summary>
/// A pipe whose ends are given to children, <c>producer | consumer</c>: dispose it when they are started, so that the reader sees the end
/// when the last writer has gone.
/// </summary>
public sealed class AnonymousPipe : IDisposable
{
    private readonly Descriptor _reader;
    private readonly Descriptor _writer;

    private AnonymousPipe((Descriptor Reader, Descriptor Writer) ends) => (_reader, _writer) = ends;

    /// <summary>The end to read; owned by the pipe.</summary>
    public SafeHandle Reader => _reader;

    /// <summary>The end to write; owned by the pipe.</summary>
    public SafeHandle Writer => _writer;

    /// <summary>Makes one. No child gets an end that is not given to it.</summary>
    /// <exception cref="FairleadException">Unavailable: the process has too many files open.</exception>
    public static AnonymousPipe Create() => new(NativePipe.Create());

    /// <summary>Closes both ends here.</summary>
    public void Dispose()
    {
        _reader.Dispose();
        _writer.Dispose();
    }
}
