// Producers and consumers: processes that put numbers into a buffer of eight slots, and others that take them out. Producers wait while
// the buffer is full, consumers while it is empty.
//
//   dotnet run --project samples/BoundedBuffer -- produce FIRST COUNT     puts in COUNT numbers from FIRST on; start several at once
//   dotnet run --project samples/BoundedBuffer -- consume COUNT           takes out COUNT numbers and prints them; start several at once
//   dotnet run --project samples/BoundedBuffer -- remove                  removes what the others have left
//
// Try also: more producers than consumers, and fairlead locks meanwhile. Each number goes to one consumer. To lose none when a process is
// killed, use a WorkQueue.
using System.Globalization;
using Fairlead;
using Fairlead.Memory;
using Fairlead.Synchronization;

try
{
    switch (args)
    {
        case ["produce", var from, var count]:
            Produce(Number(from), Number(count));
            return 0;
        case ["consume", var count]:
            Consume(Number(count));
            return 0;
        case ["remove"]:
            Console.WriteLine(BoundedBuffer.Remove() ? "removed" : "there was none");
            return 0;
        default:
            Console.Error.WriteLine("usage: produce FIRST COUNT | consume COUNT | remove");
            return 2;
    }
}
catch (FairleadException problem)
{
    Console.Error.WriteLine(problem.Message);
    return 1;
}

static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);

static void Produce(int first, int count)
{
    using BoundedBuffer buffer = new();
    for (int i = 0; i < count; i++)
    {
        buffer.Put(first + i);
    }

    Console.Error.WriteLine($"produced {count}");
}

static void Consume(int count)
{
    using BoundedBuffer buffer = new();
    for (int i = 0; i < count; i++)
    {
        Console.WriteLine(buffer.Get());
    }
}

/// <summary>A ring of numbers in shared memory.</summary>
internal sealed class BoundedBuffer : IDisposable
{
    private const int Places = 8, PutAt = 0, GotAt = 64, NumbersAt = 128;
    private const string Name = "buffer";

    private readonly SharedRegion _memory = SharedRegion.Open(Name, NumbersAt + (Places * sizeof(int)));
    private readonly NamedMutex _guard = NamedMutex.Open($"{Name}-guard");

    // The counts of free slots and of available numbers. A process that takes a permit from one semaphore posts it to the other.
    private readonly NamedSemaphore _free = NamedSemaphore.Open($"{Name}-free", Places);
    private readonly NamedSemaphore _filled = NamedSemaphore.Open($"{Name}-filled", 0, Places);

    public static bool Remove() =>
        NamedSemaphore.Remove($"{Name}-filled")
        | NamedSemaphore.Remove($"{Name}-free")
        | NamedMutex.Remove($"{Name}-guard")
        | SharedRegion.Remove(Name);

    public void Put(int number)
    {
        _free.Take();
        using (Enter())
        {
            ref uint put = ref _memory.At<uint>(PutAt);
            _memory.Span<int>(NumbersAt, Places)[(int)(put % Places)] = number;
            put++;
        }

        _filled.Post();
    }

    public int Get()
    {
        _filled.Take();
        int number;
        using (Enter())
        {
            ref uint got = ref _memory.At<uint>(GotAt);
            number = _memory.Span<int>(NumbersAt, Places)[(int)(got % Places)];
            got++;
        }

        _free.Post();
        return number;
    }

    public void Dispose()
    {
        _filled.Dispose();
        _free.Dispose();
        _guard.Dispose();
        _memory.Dispose();
    }

    // One store, the last one, puts a number into the buffer or takes it out. A process killed in here therefore leaves the buffer whole.
    private MutexScope Enter()
    {
        MutexScope scope = _guard.Enter();
        if (scope.OwnerDied)
        {
            scope.MarkConsistent();
        }

        return scope;
    }
}
