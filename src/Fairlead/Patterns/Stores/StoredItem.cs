namespace Fairlead.Patterns.Stores;

/// <summary>An item of a work queue as its store knows it. Its fields belong to the <see cref="WorkStore"/>, under its gate.</summary>
/// <param name="length">The length of its payload.</param>
/// <param name="priority">Its priority.</param>
/// <param name="notBefore">The time from which on it is handed out, in milliseconds since 1970.</param>
internal sealed class StoredItem(int length, byte priority, ulong notBefore)
{
    /// <summary>The number of the record that holds it now.</summary>
    public long Number { get; set; }

    /// <summary>The number of the record that held it first: items have the order of these numbers.</summary>
    public long First { get; set; }

    /// <summary>How many bytes had been appended before that record.</summary>
    public long Offset { get; set; }

    /// <summary>How often it was handed out before it was given up, and why; null: it was not.</summary>
    public (int Deliveries, string Reason)? GivenUp { get; set; }

    public int Length => length;

    public byte Priority => priority;

    public ulong NotBefore => notBefore;
}
