namespace Fairlead.Bench.Contenders;

/// <summary>The client's half of a stream from the server.</summary>
internal abstract class ItemReader : IDisposable
{
    /// <summary>Asks for that many items, reads all, and checks each.</summary>
    public abstract Task ReadAsync(int count);

    public abstract void Dispose();

    protected static void Check(Item item, int due)
    {
        if (item != Item.Of(due))
        {
            throw new InvalidDataException($"{item} came instead of item {due}");
        }
    }

    protected static void CheckCount(int came, int count)
    {
        if (came != count)
        {
            throw new InvalidDataException($"{came} items came instead of {count}");
        }
    }
}
