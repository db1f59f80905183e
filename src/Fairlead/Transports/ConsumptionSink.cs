namespace Fairlead.Transports;

/// <summary>The part of a connection that stores how far its user has read, because no acknowledgement goes to a peer.</summary>
internal abstract class ConsumptionSink
{
    /// <summary>Notes how many messages the user has got from the beginning, modulo 2³². Any thread; does not block.</summary>
    public abstract void NoteHanded(uint messages);
}
