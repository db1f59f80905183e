using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;

namespace Fairlead.Rpc.Peer;

/// <summary>An object that the service calls back.</summary>
[RpcContract]
public interface IEar
{
    /// <summary>Returns the number.</summary>
    ValueTask<int> HearAsync(int number, CancellationToken cancellationToken = default);
}

/// <summary>Work whose executions are counted.</summary>
[RpcContract]
public interface IWork
{
    /// <summary>Returns twice the number.</summary>
    ValueTask<int> OnceAsync(int number, CancellationToken cancellationToken = default);

    /// <inheritdoc cref="OnceAsync"/>
    [Idempotent]
    ValueTask<int> RepeatableAsync(int number, CancellationToken cancellationToken = default);

    /// <summary>Returns numbers without end.</summary>
    IAsyncEnumerable<int> EndlessAsync(CancellationToken cancellationToken = default);

    /// <summary>Returns the bytes that came.</summary>
    ValueTask<long> UploadAsync(IAsyncEnumerable<byte[]> parts, CancellationToken cancellationToken = default);

    /// <summary>Tells numbers to an object of the client, and returns the sum of its answers.</summary>
    ValueTask<int> TellAsync(IEar ear, int count, CancellationToken cancellationToken = default);

    /// <summary>Returns the most memory that the process has had, in bytes.</summary>
    long PeakMemory();
}

/// <summary>Notes each execution in a file before it replies. The file outlives the process.</summary>
internal class Work(Stream log) : IWork
{
    private readonly Lock _lock = new();

    public async ValueTask<int> OnceAsync(int number, CancellationToken cancellationToken)
    {
        Note(number);
        await Task.Yield();
        return 2 * number;
    }

    public ValueTask<int> RepeatableAsync(int number, CancellationToken cancellationToken) => OnceAsync(number, cancellationToken);

    public async IAsyncEnumerable<int> EndlessAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        try
        {
            for (int i = 0; !cancellationToken.IsCancellationRequested; i++)
            {
                yield return i;
            }
        }
        finally
        {
            await Console.Out.WriteLineAsync("ended");
        }
    }

    public async ValueTask<long> UploadAsync(IAsyncEnumerable<byte[]> parts, CancellationToken cancellationToken)
    {
        long length = 0;
        await foreach (byte[] part in parts)
        {
            length += part.Length;
        }

        return length;
    }

    public async ValueTask<int> TellAsync(IEar ear, int count, CancellationToken cancellationToken)
    {
        int sum = 0;
        for (int i = 0; i < count; i++)
        {
            sum += await ear.HearAsync(i, cancellationToken);
        }

        return sum;
    }

    public long PeakMemory()
    {
        string line = File.ReadLines("/proc/self/status").First(static line => line.StartsWith("VmHWM:", StringComparison.Ordinal));
        return 1024 * long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture);
    }

    private void Note(int number)
    {
        byte[] line = Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{number}\n"));
        lock (_lock)
        {
            log.Write(line);
        }
    }
}
