namespace Fairlead;

/// <summary>Fairlead's receiving ends as observables, for code that takes <see cref="IObservable{T}"/>.</summary>
public static class ObservableExtensions
{
    /// <summary>
    /// Returns an observable of the values that arrive. Messages are received while at least one observer is subscribed; each value goes to
    /// all of them, in order, on a thread of the pool.
    /// </summary>
    /// <param name="receiver">Nothing else should receive from it meanwhile.</param>
    /// <param name="read">
    /// Makes a value of a message. The message is valid until all observers have seen the value, and is then accepted. Its exception ends
    /// the observable with <see cref="IObserver{T}.OnError"/>.
    /// </param>
    /// <remarks>
    /// An observer that throws is unsubscribed and told its exception by <see cref="IObserver{T}.OnError"/>. The others go on.
    /// </remarks>
    public static IObservable<T> AsObservable<T>(this Receiver receiver, Func<Message, T> read)
    {
        ArgumentNullException.ThrowIfNull(receiver);
        ArgumentNullException.ThrowIfNull(read);
        return new ReceivingObservable<T>(receiver.ReceiveAllAsync, read);
    }

    /// <inheritdoc cref="AsObservable{T}(Receiver, Func{Message, T})" path="/summary|/remarks"/>
    /// <param name="pair">Nothing else should receive from it meanwhile.</param>
    /// <param name="read">Makes a value of a message.</param>
    public static IObservable<T> AsObservable<T>(this Pair pair, Func<Message, T> read)
    {
        ArgumentNullException.ThrowIfNull(pair);
        ArgumentNullException.ThrowIfNull(read);
        return new ReceivingObservable<T>(pair.ReceiveAllAsync, read);
    }

    /// <inheritdoc cref="AsObservable{T}(Receiver, Func{Message, T})" path="/summary|/remarks"/>
    /// <param name="subscriber">Nothing else should receive from it meanwhile.</param>
    /// <param name="read">Makes a value of a message.</param>
    public static IObservable<T> AsObservable<T>(this Subscriber subscriber, Func<Message, T> read)
    {
        ArgumentNullException.ThrowIfNull(subscriber);
        ArgumentNullException.ThrowIfNull(read);
        return new ReceivingObservable<T>(subscriber.ReceiveAllAsync, read);
    }
}
