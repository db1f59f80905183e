namespace Fairlead;

/// <summary>A text is not an address, or an option is unknown or has an invalid value. The message says what is allowed.</summary>
public sealed class AddressFormatException : FormatException
{
    /// <summary>Creates the error.</summary>
    /// <param name="text">The original text.</param>
    /// <param name="whatIsWrong">The problem and the correct form, in one or two sentences.</param>
    public AddressFormatException(string text, string whatIsWrong)
        : base($"{AddressText.Display(text)}: {whatIsWrong}") => Text = text;

    /// <summary>The original text.</summary>
    public string Text { get; }
}
