using Fairlead.Patterns.Forms;

namespace Fairlead;

/// <summary>Wraps receiving endpoints as observables, for code that takes <see cref="IObservable{T}"/>.</summary>
public static class ObservableExtensions
{
    /// <summary>Returns an observable of the values that arrive. It receives while at least one observer is subscribed.</summary>
    /// <param name="receiver">The receiver. Nothing else may receive from it at the same time.</param>
    /// <param name="read">
    /// Converts a message to a value. The message is valid until all observers have seen the value, and is then accepted. An exception ends
    /// the observable with <see cref="IObserver{T}.OnError"/>.
    /// </param>
    /// <remarks>
    /// Each value reaches all observers, in order, on a thread-pool thread. An observer that throws is unsubscribed and gets its exception
    /// through <see cref="IObserver{T}.OnError"/>. The others continue.
    /// </remarks>
    public static IObservable<T> AsObservable<T>(this Receiver receiver, Func<Message, T> read)
    {
        ArgumentNullException.ThrowIfNull(receiver);
        ArgumentNullException.ThrowIfNull(read);
        return new ReceivingObservable<T>(receiver.ReceiveAllAsync, read);
    }

    /// <inheritdoc cref="AsObservable{T}(Receiver, Func{Message, T})" path="/summary|/remarks"/>
    /// <param name="pair">The pair. Nothing else may receive from it at the same time.</param>
    /// <param name="read">Converts a message to a value.</param>
    public static IObservable<T> AsObservable<T>(this Pair pair, Func<Message, T> read)
    {
        ArgumentNullException.ThrowIfNull(pair);
        ArgumentNullException.ThrowIfNull(read);
        return new ReceivingObservable<T>(pair.ReceiveAllAsync, read);
    }

    /// <inheritdoc cref="AsObservable{T}(Receiver, Func{Message, T})" path="/summary|/remarks"/>
    /// <param name="subscriber">The subscriber. Nothing else may receive from it at the same time.</param>
    /// <param name="read">Converts a message to a value.</param>
    public static IObservable<T> AsObservable<T>(this Subscriber subscriber, Func<Message, T> read)
    {
        ArgumentNullException.ThrowIfNull(subscriber);
        ArgumentNullException.ThrowIfNull(read);
        return new ReceivingObservable<T>(subscriber.ReceiveAllAsync, read);
    }
}
