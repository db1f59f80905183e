using System.Diagnostics.CodeAnalysis;
using Fairlead.Patterns.Links.Values;

namespace Fairlead.RabbitMQ.Bridges;

/// <summary>Published items that the broker has not confirmed yet, by the numbers of their channel.</summary>
/// <remarks>
/// Owns them under its lock. The publishing task adds; the client's thread settles. Each channel has its own window, since numbers begin
/// at 1 on each; the next one takes over what is left, and a late confirmation of a lost channel finds nothing. Counts in order, too, how
/// many messages of the user's end are done, because acknowledgements there are cumulative.
/// </remarks>
/// <param name="order">The order in which items were first added; null if none is ever refused and published again.</param>
internal sealed class PublishWindow<T>(IComparer<T>? order = null)
{
    private readonly Lock _gate = new();

    // The items from the number _lowest to the one before _next. Confirmations come nearly in order, so few places are empty.
    private RingQueue<Place> _items;

    // Items from a lost channel, to be published again. Each stays here until it has a number.
    private readonly Queue<T> _again = new();

    // Items that the broker refused on this channel, in their order. All of them are older than those above.
    private readonly SortedSet<T>? _refused = order is null ? null : new(order);
    private bool _isRefusedNext;
    private ulong _lowest = 1;
    private ulong _next = 1;

    // The first refused number, and the first one that was given after the last refusal: a number between them may belong to an item that
    // is newer than a refused one.
    private ulong _firstRefused = ulong.MaxValue;
    private ulong _behind;
    private TaskCompletionSource? _settled;

    // Messages that are done and have no number: settled beyond an older one on a lost channel, or not published at all. Counted as done
    // when nothing older can be left.
    private int _owed;

    /// <summary>Adds the next item, before it is published: its confirmation may come before publishing returns.</summary>
    /// <returns>Its number.</returns>
    public ulong Add(T item)
    {
        lock (_gate)
        {
            _items.Enqueue(new Place(item, IsHere: true));
            return _next++;
        }
    }

    /// <summary>Takes out what a confirmation is about, in order: one number, or all up to it.</summary>
    /// <param name="number">The number of the confirmation.</param>
    /// <param name="isMultiple">Whether it is about all lower numbers, too.</param>
    /// <param name="done">
    /// The number of items, counted from the oldest, of which none is left: those taken now, and taken earlier beyond one that was left.
    /// </param>
    public List<T> Take(ulong number, bool isMultiple, out int done)
    {
        lock (_gate)
        {
            List<T> taken = [];
            for (ulong at = From(number, isMultiple); at <= number && at < _next; at++)
            {
                ref Place place = ref PlaceOf(at);
                if (place.IsHere)
                {
                    taken.Add(place.Item);
                    place = default;
                }
            }

            done = Advance();
            return taken;
        }
    }

    /// <summary>Takes out what the broker refused: a part is over, and the rest is to be published again.</summary>
    /// <param name="number">The number of the refusal.</param>
    /// <param name="isMultiple">Whether it is about all lower numbers, too.</param>
    /// <param name="isOver">Whether an item is not published again.</param>
    /// <param name="done">As for <see cref="Take"/>.</param>
    /// <returns>The items that are over.</returns>
    public List<T> Refuse(ulong number, bool isMultiple, Predicate<T> isOver, out int done)
    {
        lock (_gate)
        {
            List<T> over = [];
            for (ulong at = From(number, isMultiple); at <= number && at < _next; at++)
            {
                ref Place place = ref PlaceOf(at);
                if (!place.IsHere)
                {
                    continue;
                }

                if (isOver(place.Item))
                {
                    over.Add(place.Item);
                    place = default;
                }
                else
                {
                    _ = _refused!.Add(place.Item);
                    place = new Place(default!, IsHere: false, HasMoved: true);
                    _firstRefused = Math.Min(_firstRefused, at);
                    _behind = _next;
                }
            }

            done = Advance();
            return over;
        }
    }

    /// <summary>Completes when the broker has confirmed or refused everything that was published.</summary>
    public Task WhenSettled()
    {
        lock (_gate)
        {
            return _lowest == _next
                ? Task.CompletedTask
                : (_settled ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
        }
    }

    /// <summary>Returns the same items, which stay.</summary>
    /// <param name="number">The number of the confirmation.</param>
    /// <param name="isMultiple">Whether it is about all lower numbers, too.</param>
    public List<T> Peek(ulong number, bool isMultiple)
    {
        lock (_gate)
        {
            List<T> found = [];
            for (ulong at = From(number, isMultiple); at <= number && at < _next; at++)
            {
                if (PlaceOf(at) is { IsHere: true } place)
                {
                    found.Add(place.Item);
                }
            }

            return found;
        }
    }

    /// <summary>Counts a message that is not published.</summary>
    /// <returns>The number of messages that are done by that.</returns>
    public int Skip()
    {
        lock (_gate)
        {
            _owed++;
            return PayOwed();
        }
    }

    /// <summary>Returns the next item that is to be published again, which stays until it is added or skipped.</summary>
    public bool TryPeekAgain([MaybeNullWhen(false)] out T item)
    {
        lock (_gate)
        {
            _isRefusedNext = _refused is { Count: > 0 };
            if (_isRefusedNext)
            {
                item = _refused!.Min!;
                return true;
            }

            return _again.TryPeek(out item);
        }
    }

    /// <summary>Removes the item that was returned: it is in the window now, or not published any more.</summary>
    public void RemoveAgain()
    {
        lock (_gate)
        {
            if (_isRefusedNext)
            {
                _ = _refused!.Remove(_refused.Min!);
            }
            else
            {
                _ = _again.Dequeue();
            }
        }
    }

    /// <summary>Moves everything into the window of the next channel, where it is to be published again, in order.</summary>
    public PublishWindow<T> Leave()
    {
        lock (_gate)
        {
            PublishWindow<T> next = new(order) { _owed = _owed };
            List<T> left = [.. _refused ?? []];
            _refused?.Clear();
            while (_items.Count > 0)
            {
                Place place = _items.Dequeue();
                if (place.IsHere)
                {
                    left.Add(place.Item);
                }
                else if (!place.HasMoved)
                {
                    next._owed++;
                }
            }

            if (order is not null)
            {
                left.Sort(order);
            }

            left.ForEach(next._again.Enqueue);
            while (_again.TryDequeue(out T? item))
            {
                next._again.Enqueue(item);
            }

            _owed = 0;
            _lowest = _next;
            return next;
        }
    }

    /// <summary>The first number that a confirmation is about and that may be here.</summary>
    private ulong From(ulong number, bool isMultiple) => isMultiple ? _lowest : Math.Max(number, _lowest);

    private ref Place PlaceOf(ulong number) => ref _items[(int)(number - _lowest)];

    /// <summary>Leaves the oldest numbers whose items are settled, and returns how many messages are done by that.</summary>
    private int Advance()
    {
        int done = 0;
        for (; _lowest < _next && !PlaceOf(_lowest).IsHere; _lowest++)
        {
            if (_items.Dequeue().HasMoved)
            {
                continue;
            }

            if (_lowest > _firstRefused && _lowest < _behind)
            {
                _owed++;
            }
            else
            {
                done++;
            }
        }

        if (_lowest == _next)
        {
            _settled?.SetResult();
            _settled = null;
        }

        return done + PayOwed();
    }

    private int PayOwed()
    {
        if (_lowest != _next || _again.Count > 0 || _refused is { Count: > 0 })
        {
            return 0;
        }

        _firstRefused = ulong.MaxValue;
        int owed = _owed;
        _owed = 0;
        return owed;
    }

    /// <summary>The place of a number; empty after its item was taken, or was refused and has moved to those that come again.</summary>
    private readonly record struct Place(T Item, bool IsHere, bool HasMoved = false);
}
