using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Fairlead.Rpc;

namespace Fairlead.Cli.Tests.Rpc;

/// <summary>The contract with streams that these tests call through the tool.</summary>
[RpcContract(Name = "Tests.IFeed")]
public interface IFeed
{
    IAsyncEnumerable<int> CountAsync(int upTo, CancellationToken cancellationToken = default);

    /// <summary>Returns what the test writes.</summary>
    IAsyncEnumerable<Line> FollowAsync(CancellationToken cancellationToken = default);

    IAsyncEnumerable<int> EndlessAsync(CancellationToken cancellationToken = default);

    IAsyncEnumerable<int> FailAfterAsync(int items, CancellationToken cancellationToken = default);

    ValueTask<long> SumAsync(IAsyncEnumerable<int> numbers, CancellationToken cancellationToken = default);

    ValueTask<decimal> TotalAsync(string item, IAsyncEnumerable<Line> lines, CancellationToken cancellationToken = default);

    ValueTask<int> TakeAsync(IAsyncEnumerable<int> numbers, int count = 1, CancellationToken cancellationToken = default);

    IAsyncEnumerable<string> ShoutAsync(
        IAsyncEnumerable<string> words, string mark = "!", CancellationToken cancellationToken = default);

    ValueTask<int> CompareAsync(
        IAsyncEnumerable<int> some, IAsyncEnumerable<int> others, CancellationToken cancellationToken = default);
}

internal sealed class Feed : IFeed
{
    public Channel<Line> Lines { get; } = Channel.CreateUnbounded<Line>();

    /// <summary>Gets a word when a producer or consumer has ended.</summary>
    public Channel<string> Ended { get; } = Channel.CreateUnbounded<string>();

    /// <summary>The numbers that <see cref="SumAsync"/> has received.</summary>
    public Channel<int> Added { get; } = Channel.CreateUnbounded<int>();

    public async IAsyncEnumerable<int> CountAsync(int upTo, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        for (int i = 1; i <= upTo; i++)
        {
            yield return i;
        }

        await Task.CompletedTask;
    }

    public async IAsyncEnumerable<Line> FollowAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        try
        {
            await foreach (Line line in Lines.Reader.ReadAllAsync(cancellationToken))
            {
                yield return line;
            }
        }
        finally
        {
            Ended.Writer.TryWrite("follow");
        }
    }

    public async IAsyncEnumerable<int> EndlessAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        try
        {
            for (int i = 1; !cancellationToken.IsCancellationRequested; i++)
            {
                yield return i;
            }

            await Task.CompletedTask;
        }
        finally
        {
            Ended.Writer.TryWrite("endless");
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

    public async ValueTask<long> SumAsync(IAsyncEnumerable<int> numbers, CancellationToken cancellationToken)
    {
        long sum = 0;
        try
        {
            await foreach (int number in numbers)
            {
                sum += number;
                Added.Writer.TryWrite(number);
            }
        }
        finally
        {
            Ended.Writer.TryWrite("sum");
        }

        return sum;
    }

    public async ValueTask<decimal> TotalAsync(string item, IAsyncEnumerable<Line> lines, CancellationToken cancellationToken)
    {
        decimal total = 0;
        await foreach (Line line in lines)
        {
            total += line.Item == item ? line.Price : 0;
        }

        return total;
    }

    public async ValueTask<int> TakeAsync(IAsyncEnumerable<int> numbers, int count, CancellationToken cancellationToken)
    {
        int last = 0;
        await foreach (int number in numbers)
        {
            last = number;
            if (--count == 0)
            {
                break;
            }
        }

        return last;
    }

    public async IAsyncEnumerable<string> ShoutAsync(
        IAsyncEnumerable<string> words, string mark, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (string word in words)
        {
            yield return word.ToUpperInvariant() + mark;
        }
    }

    public async ValueTask<int> CompareAsync(
        IAsyncEnumerable<int> some, IAsyncEnumerable<int> others, CancellationToken cancellationToken)
    {
        await using IAsyncEnumerator<int> other = others.GetAsyncEnumerator(cancellationToken);
        int equal = 0;
        await foreach (int one in some)
        {
            equal += await other.MoveNextAsync() && other.Current == one ? 1 : 0;
        }

        return equal;
    }
}
