using System.Runtime.CompilerServices;
using System.Threading.Channels;

namespace Fairlead.Rpc.Tests.Contracts;

[RpcContract]
public interface IStreams
{
    IAsyncEnumerable<int> CountAsync(int upTo, CancellationToken cancellationToken = default);

    ValueTask<long> SumAsync(IAsyncEnumerable<int> numbers, CancellationToken cancellationToken = default);

    IAsyncEnumerable<string> ShoutAsync(IAsyncEnumerable<string> lines, string mark, CancellationToken cancellationToken = default);

    ValueTask<long> CompareAsync(
        IAsyncEnumerable<int> some, IAsyncEnumerable<byte[]> others, CancellationToken cancellationToken = default);

    Task TakeAsync(int count, IAsyncEnumerable<int> numbers, CancellationToken cancellationToken = default);

    IAsyncEnumerable<int> FailAfterAsync(int items, CancellationToken cancellationToken = default);

    IAsyncEnumerable<byte[]> BlocksAsync(int count, int size, CancellationToken cancellationToken = default);

    IAsyncEnumerable<int> EndlessAsync(CancellationToken cancellationToken = default);

    IAsyncEnumerable<int> SilentAsync(CancellationToken cancellationToken = default);
}

internal sealed class Streams : IStreams
{
    private long _produced;

    public long Produced => Interlocked.Read(ref _produced);

    /// <summary>Gets a line when a producer has ended by its finally block.</summary>
    public Channel<string> Ended { get; } = Channel.CreateUnbounded<string>();

    public async IAsyncEnumerable<int> CountAsync(int upTo, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        for (int i = 1; i <= upTo; i++)
        {
            if (i % 1000 == 0)
            {
                await Task.Yield();
            }

            yield return i;
        }
    }

    public async ValueTask<long> SumAsync(IAsyncEnumerable<int> numbers, CancellationToken cancellationToken)
    {
        long sum = 0;
        try
        {
            await foreach (int number in numbers)
            {
                sum += number;
            }
        }
        finally
        {
            Ended.Writer.TryWrite("sum");
        }

        return sum;
    }

    public async IAsyncEnumerable<string> ShoutAsync(
        IAsyncEnumerable<string> lines, string mark, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (string line in lines)
        {
            yield return line.ToUpperInvariant() + mark;
        }
    }

    public async ValueTask<long> CompareAsync(
        IAsyncEnumerable<int> some, IAsyncEnumerable<byte[]> others, CancellationToken cancellationToken)
    {
        await using IAsyncEnumerator<byte[]> other = others.GetAsyncEnumerator(cancellationToken);
        long equal = 0;
        await foreach (int one in some)
        {
            equal += await other.MoveNextAsync() && other.Current.Length == one ? 1 : 0;
        }

        return equal;
    }

    public async Task TakeAsync(int count, IAsyncEnumerable<int> numbers, CancellationToken cancellationToken)
    {
        await foreach (int _ in numbers)
        {
            if (--count == 0)
            {
                break;
            }
        }
    }

    public async IAsyncEnumerable<int> FailAfterAsync(int items, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        for (int i = 0; i < items; i++)
        {
            yield return i;
        }

        await Task.Yield();
        throw new RpcException(9, "enough");
    }

    public async IAsyncEnumerable<byte[]> BlocksAsync(int count, int size, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        byte[] block = new byte[size];
        for (int i = 0; i < count; i++)
        {
            block[0] = (byte)i;
            yield return block;
        }

        await Task.CompletedTask;
    }

    public async IAsyncEnumerable<int> EndlessAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        try
        {
            for (int i = 0; ; i++)
            {
                cancellationToken.ThrowIfCancellationRequested();
                Interlocked.Increment(ref _produced);
                yield return i;
            }
        }
        finally
        {
            await Task.CompletedTask;
            Ended.Writer.TryWrite("endless");
        }
    }

    public async IAsyncEnumerable<int> SilentAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        try
        {
            yield return 1;
            await new TaskCompletionSource().Task.WaitAsync(cancellationToken);
        }
        finally
        {
            Ended.Writer.TryWrite("silent");
        }
    }
}
