using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Fairlead.Patterns.Working;

/// <summary>Lists, drops and retries items of a work queue for other processes of this user.</summary>
/// <remarks>
/// <para>Owns a responder at a <c>unix://</c> address of its own. Its label names the queue, and by that a client finds it.</para>
/// <para>
/// A request is words with blanks between: <c>list LIMIT [STATE]</c>, <c>drop NUMBER …</c> or <c>retry NUMBER …</c>. The reply is JSON: an
/// array of items, or how many of these items were in the queue.
/// </para>
/// </remarks>
internal sealed class WorkControl
{
    /// <summary>A list is one message: no more items are told at one time.</summary>
    public const int MostItems = 10_000;

    private static int _last;

    private readonly WorkQueue _queue;
    private readonly Responder _responder;

    private WorkControl(WorkQueue queue, Responder responder) => (_queue, _responder) = (queue, responder);

    public static WorkControl Open(WorkQueue queue)
    {
        string name = string.Create(
            CultureInfo.InvariantCulture, $"unix://work-control-{Environment.ProcessId}-{Interlocked.Increment(ref _last)}");
        WorkControl control = new(queue, Responder.Bind(name, new EndpointOptions { Label = LabelOf(queue.Address) }));
        _ = control.ServeAsync();
        return control;
    }

    /// <summary>The label of the endpoint that controls the queue at this address.</summary>
    public static string LabelOf(Address queue) => PlainText.Cut($"control of {queue.WithoutOptions()}", 80);

    /// <summary>Begins to end. Does not wait: callers may be on the thread that has to do it.</summary>
    public void BeginClose() => _ = _responder.CloseAsync(TimeSpan.Zero).AsTask();

    private async Task ServeAsync()
    {
        try
        {
            await _responder.RunAsync((request, _) => Answer(request.Text), concurrency: 1).ConfigureAwait(false);
        }
        catch (ObjectDisposedException)
        {
            // The queue has closed.
        }
    }

    private ReadOnlyMemory<byte> Answer(string request)
    {
        string[] words = request.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        long[] numbers = [.. words.Skip(1).Select(ReadNumber)];
        return words.FirstOrDefault() switch
        {
            "list" when numbers is [var limit] => Write(_queue.List(LimitOf(limit))),
            "list" when numbers is [var limit, <= (int)WorkItemState.GivenUp and var state] =>
                Write(_queue.List(LimitOf(limit), (WorkItemState)state)),
            "drop" => Encoding.UTF8.GetBytes(_queue.Drop(numbers).ToString(CultureInfo.InvariantCulture)),
            "retry" => Encoding.UTF8.GetBytes(_queue.Retry(numbers).ToString(CultureInfo.InvariantCulture)),
            _ => throw Unknown(),
        };
    }

    private static int LimitOf(long limit) => (int)Math.Min(limit, MostItems);

    private static long ReadNumber(string word) =>
        long.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out long number) ? number : throw Unknown();

    private static FairleadException Unknown() => new(
        ErrorCode.NotSupported, "this is no command of a work queue", "Send list LIMIT [STATE], drop NUMBER … or retry NUMBER ….");

    private static ReadOnlyMemory<byte> Write(IReadOnlyList<WorkQueueItem> items)
    {
        ArrayBufferWriter<byte> bytes = new();
        using (Utf8JsonWriter json = new(bytes))
        {
            json.WriteStartArray();
            foreach (WorkQueueItem item in items)
            {
                WorkQueueItemJson.Write(json, item);
            }

            json.WriteEndArray();
        }

        return bytes.WrittenMemory;
    }
}
