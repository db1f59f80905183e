using System.Runtime.InteropServices;
using Fairlead.Native;

namespace Fairlead.Processes;

/// <summary>
/// A pipe whose ends go to children, as in <c>producer | consumer</c>. Dispose it when the children are started: only then does the reader
/// see the end of the data when the last writer closes its end.
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

    /// <summary>Closes both ends in this process.</summary>
    public void Dispose()
    {
        _reader.Dispose();
        _writer.Dispose();
    }
}
