using Fairlead.Native;

namespace Fairlead.Transports;

/// <summary>A bidirectional byte stream under a <see cref="StreamConnection"/>: a socket, or a layer on top of one.</summary>
/// <remarks>
/// One thread writes at a time, and one reads, possibly at the same time. Any thread may abort. No member blocks.
/// </remarks>
internal abstract class ByteChannel : IDisposable
{
    /// <summary>Readable when there may be data or the end to read. Owned by the channel.</summary>
    public abstract Descriptor WaitDescriptor { get; }

    /// <summary>Writable when more may be written, if <see cref="WaitDescriptor"/> does not show it. Owned by the channel.</summary>
    public virtual Descriptor? OutputDescriptor => null;

    /// <summary>Whether a read that does not fill its buffer has taken all available data.</summary>
    public abstract bool IsDrainedByShortRead { get; }

    /// <summary>Reads available data. The buffer is not empty.</summary>
    /// <returns>A count; 0 at the end; or the reason why nothing was read.</returns>
    public abstract IoResult Read(Span<byte> room);

    /// <summary>Writes as much of the non-empty queue as possible. The caller removes it from the queue.</summary>
    /// <remarks>When this returns, the queue owns its memory again.</remarks>
    public abstract IoResult Write(OutputQueue output);

    /// <summary>Returns the part that sends open files with these bytes, or null if the channel cannot.</summary>
    /// <param name="output">The data to write.</param>
    /// <param name="areTaken">Whether to accept incoming files. Otherwise they are closed immediately.</param>
    public virtual StreamHandles? PassHandles(OutputQueue output, bool areTaken) => null;

    /// <summary>Takes what is still unwritten when the connection ends, if the channel can keep it. It copies what it takes.</summary>
    /// <remarks>
    /// Called by the writing thread, before <see cref="Dispose"/>. For a channel that takes a write only when the one before has arrived;
    /// the kernel has such a buffer for a socket.
    /// </remarks>
    public virtual void TakeRest(OutputQueue output)
    {
    }

    /// <summary>Ends sending: the other end sees the end behind the last byte.</summary>
    public abstract void EndSending();

    /// <summary>Ends both directions at the same time. Any thread.</summary>
    public abstract void Abort();

    /// <summary>Releases everything that it owns.</summary>
    public abstract void Dispose();
}
