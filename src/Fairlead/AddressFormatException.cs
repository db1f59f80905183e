namespace Fairlead;

/// <summary>
/// A text is no address, or an option of an address is unknown or has a value that does not fit. The message says what is allowed.
/// </summary>
public sealed class AddressFormatException : FormatException
{
    /// <summary>Creates the error.</summary>
    /// <param name="text">The text as it was given.</param>
    /// <param name="whatIsWrong">What is wrong with it and how to write it, in one or two sentences.</param>
    public AddressFormatException(string text, string whatIsWrong)
        : base($"{AddressText.Display(text)}: {whatIsWrong}") => Text = text;

    /// <summary>The text as it was given.</summary>
    public string Text { get; }
}
