using Fairlead.Native;

namespace Fairlead.Transports;

/// <summary>
/// Bytes in both directions, on which a <see cref="StreamConnection"/> stands: of a socket, or of something that makes its own bytes out of
/// those of a socket. One thread writes at a time and one reads, at the same time perhaps; any may abort. Nothing blocks.
/// </summary>
internal abstract class ByteChannel : IDisposable
{
    /// <summary>Becomes readable when there may be something to read, or the end. Owned by the channel.</summary>
    public abstract Descriptor WaitDescriptor { get; }

    /// <summary>
    /// Becomes writable when more may be written, where <see cref="WaitDescriptor"/> does not tell. Owned by the channel.
    /// </summary>
    public virtual Descriptor? OutputDescriptor => null;

    /// <summary>Whether a read that does not fill its room has taken all that was there.</summary>
    public abstract bool IsDrainedByShortRead { get; }

    /// <summary>Reads what is there. The room is not empty.</summary>
    /// <returns>A count; nothing for the end; or why nothing was read.</returns>
    public abstract IoResult Read(Span<byte> room);

    /// <summary>
    /// Writes what goes of what lies in the queue, which is not empty. The caller takes it out, and the queue's memory is its own again
    /// when this returns.
    /// </summary>
    public abstract IoResult Write(OutputQueue output);

    /// <summary>Open files that go with these bytes; null where none can.</summary>
    /// <param name="output">What will be written.</param>
    /// <param name="areTaken">Whether files that come are taken; else they are open nowhere.</param>
    public virtual StreamHandles? PassHandles(OutputQueue output, bool areTaken) => null;

    /// <summary>Nothing more will be written: the other end sees it behind the last byte.</summary>
    public abstract void EndSending();

    /// <summary>Ends both directions at once. Any thread.</summary>
    public abstract void Abort();

    /// <summary>Gives back what it owns.</summary>
    public abstract void Dispose();
}
