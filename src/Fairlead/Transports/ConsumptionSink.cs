namespace Fairlead.Transports;

/// <summary>What a connection has that keeps, for itself, how far its user has read: where no acknowledgement goes to a peer.</summary>
internal abstract class ConsumptionSink
{
    /// <summary>So many messages have been handed to the user from the beginning, modulo 2³². Any thread; does not block.</summary>
    public abstract void NoteHanded(uint messages);
}
